"""Bugs in the formats: model files and their headers, JSON of strangers, and ONNX graphs."""

from bug import Bug

BUGS = [
    Bug(
        "formats/fields.py",
        " or (isinstance(value, bool) and kind is int)",
        "",
        "tests/formats/test_model_file.py",
        "true is taken for a whole number",
    ),
    Bug(
        "formats/header.py",
        "if reached != room:",
        "if reached > room:",
        "tests/formats/test_model_file.py",
        "bytes behind the last array are not noticed",
    ),
    Bug(
        "formats/model_file.py",
        "        for name, array in arrays.items():\n            _check_finite(name, array)\n",
        "",
        "tests/formats/test_model_file.py",
        "a file with NaN among its weights is loaded",
    ),
    Bug(
        "formats/model_file.py",
        "(ValueError, TypeError, RecursionError, OSError)",
        "(ValueError, TypeError, RecursionError)",
        "tests/formats/test_model_file.py",
        "a file that the system does not let us read raises an OSError, no ModelFileError",
    ),
    Bug(
        "formats/strict_json.py",
        "parse_float=_finite",
        "parse_float=float",
        "tests/formats/test_model_file.py",
        "1e999 in a header is infinity",
    ),
    Bug(
        "formats/onnx/functions.py",
        "if ACTIVATIONS.get(f.name) != f:",
        "if f.name not in ACTIVATIONS:",
        "tests/formats/test_onnx.py",
        "an activation of one's own by a known name is exported as the known one",
    ),
    Bug(
        "formats/onnx/columns.py",
        'sorted(schema.nothing.of(encoding.name) | {""}), float(encoding.missing))',
        'sorted(schema.nothing.of(encoding.name) | {""}), float(encoding.unknown))',
        "tests/formats/test_onnx.py",
        "a missing word is an unknown one where fit knew missing ones as a level",
    ),
    Bug(
        "formats/onnx/columns.py",
        'code = g.op("Where", missing, g.number(float(encoding.missing)), known)',
        "code = known",
        "tests/formats/test_onnx.py -k days",
        "a missing time is at the first of January 1970",
    ),
    Bug(
        "formats/onnx/graph.py",
        "key = str(array.dtype), array.shape,",
        "key = array.shape,",
        "tests/formats/test_onnx.py",
        "constants of the same bytes and other types become one",
    ),
    Bug(
        "formats/onnx/network.py",
        "gates, values = _columns",
        "values, gates = _columns",
        "tests/formats/test_onnx.py",
        "the function of a gated layer is applied to the wrong half",
    ),
    Bug(
        "formats/onnx/network.py",
        "least = g.number(float(np.finfo(np.float32).min))",
        "least = g.number(0.0)",
        "tests/formats/test_onnx.py",
        "the maximum of a padded sequence is never below 0",
    ),
    Bug(
        "formats/onnx/texts.py",
        'g.op("And", g.op("Greater", _counts(g, text, pieces), g.number(0.0)), g.op("Not", missing))',
        'g.op("Greater", _counts(g, text, pieces), g.number(0.0))',
        "tests/formats/test_onnx.py",
        "a word that stands for a missing text is read as one of its words",
    ),
]
