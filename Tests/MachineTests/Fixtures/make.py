"""Makes the self-checking programs beside this file with jax 0.10.2: `python make.py`."""
import pathlib

from jax._src.interpreters import mlir
from jax._src.lib import _jax
from jax._src.lib.mlir import ir

TEXT = """
func.func public @main() {
  %%0 = stablehlo.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %%1 = stablehlo.add %%0, %%0 : tensor<3xf32>
  %%2 = stablehlo.constant dense<[2.0, 4.0, %s]> : tensor<3xf32>
  stablehlo.custom_call @check.expect_almost_eq(%%1, %%2) {has_side_effect = true} : (tensor<3xf32>, tensor<3xf32>) -> ()
  return
}
"""
for name, value in ("right", "6.0"), ("wrong", "6.5"):
    with mlir.make_ir_context():
        text = str(ir.Module.parse(TEXT % value))
    artifact = _jax.mlir.serialize_portable_artifact(text, "1.9.0")
    pathlib.Path(__file__).with_name(name + ".mlirbc").write_bytes(artifact)
