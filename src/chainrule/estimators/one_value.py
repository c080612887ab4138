"""What an estimator has learned is one value, put in place in one assignment.

A fit learns in a draft: an estimator of its own with the same parameters. When it ends, what the draft has learned
takes the place of what was there; until then, whoever predicts, saves or looks in another thread has the model of
before. Whoever reads more than one thing of it reads the value once, by `at_rest`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ClassVar, Concatenate, ParamSpec, Self, TypeVar

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Kind = TypeVar("Kind", bound="Learner")


class _Learned:
    """An attribute of the value. A draft has it in its own dictionary, which goes first."""

    def __set_name__(self, kind: type, name: str) -> None:
        self.name = name

    def __get__(self, estimator: Learner | None, kind: type | None = None) -> Any:
        if estimator is None:
            return self
        value = vars(estimator).get("_learned", ())
        if self.name not in value:
            raise AttributeError(f"{type(estimator).__name__!r} object has no attribute {self.name!r}")
        return value[self.name]


def learned() -> Any:
    """The declaration of an attribute that fit sets."""
    return _Learned()


class Learner:
    """An estimator whose learned attributes are those of one value, which is replaced and never changed."""

    _learned: Mapping[str, Any]
    _names: ClassVar[frozenset[str]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        every = (pair for kind in cls.__mro__ for pair in vars(kind).items())
        cls._names = frozenset(name for name, value in every if isinstance(value, _Learned))

    def _draft(self, goes_on: bool) -> Self:
        """An estimator to learn in, which has learned nothing yet or, where training `goes_on`, what this one has."""
        attributes = vars(self._at_rest()).copy()
        attributes.pop("_learned", None)
        for name in self._names.intersection(attributes):
            if not goes_on:
                del attributes[name]
            elif isinstance(attributes[name], list):  # a record of epochs, to which the draft adds
                attributes[name] = attributes[name].copy()
        return self._with(attributes)

    def _put_in_place(self, draft: Self) -> None:
        """Let what a draft has learned be what this one has."""
        self._learned = draft._value()
        for name in self._names:  # an attribute that somebody has set would go before that of the value
            vars(self).pop(name, None)

    def _value(self) -> dict[str, Any]:
        """What a draft has learned."""
        found = vars(self)
        return {name: found[name] for name in self._names if name in found}

    def _forget(self) -> None:
        """Be unfitted."""
        for name in ("_learned", *self._names):
            vars(self).pop(name, None)

    def _at_rest(self) -> Self:
        """This estimator as it is now, whatever is put in place later; a draft is itself."""
        own = vars(self).copy()
        value = own.pop("_learned", None)
        return self if value is None else self._with(value | own)

    def _with(self, attributes: dict[str, Any]) -> Self:
        made = object.__new__(type(self))
        made.__dict__ = attributes
        return made


def at_rest(estimator: Any) -> Any:
    """An estimator of chainrule as it is now, whatever is put in place later; anything else as it is."""
    return estimator._at_rest() if isinstance(estimator, Learner) else estimator


def reads_once(method: Callable[Concatenate[Kind, Given], Answer]) -> Callable[Concatenate[Kind, Given], Answer]:
    """A method that goes by what was learned when it was called, to its end."""

    @wraps(method)
    def call(self: Kind, /, *args: Given.args, **kwargs: Given.kwargs) -> Answer:
        return method(self._at_rest(), *args, **kwargs)

    return call
