"""scikit-learn's base classes, as type checkers should see them: without hints of their own they would be anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    F = TypeVar("F")

    class BaseEstimator:
        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def set_params(self, **params: Any) -> Self: ...
        def __sklearn_tags__(self) -> Any: ...

    class ClassifierMixin:
        def score(self, X: Any, y: Any, sample_weight: Any = None) -> float: ...
        def __sklearn_tags__(self) -> Any: ...

    class RegressorMixin:
        def score(self, X: Any, y: Any, sample_weight: Any = None) -> float: ...
        def __sklearn_tags__(self) -> Any: ...

    class CallbackSupportMixin:
        def set_callbacks(self, *callbacks: Any) -> Self: ...

    def with_callbacks(method: F) -> F: ...

else:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

    try:
        from sklearn.callback import CallbackSupportMixin, with_callbacks
    except ImportError:  # before 1.9 there is no such protocol, and nothing to support

        class CallbackSupportMixin:
            """Adds nothing."""

        def with_callbacks(method):
            return method


__all__ = ["BaseEstimator", "CallbackSupportMixin", "ClassifierMixin", "RegressorMixin", "with_callbacks"]
