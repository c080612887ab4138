"""ONNX: networks, and the columns of tables in front of them, as one graph that other runtimes execute."""
