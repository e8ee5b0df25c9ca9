"""The model as one ONNX file, so that a service gives each customer what Python gives."""

from northstar_explain.export.onnx.onnx_file import WrittenOnnx, write_onnx

__all__ = ["WrittenOnnx", "write_onnx"]
