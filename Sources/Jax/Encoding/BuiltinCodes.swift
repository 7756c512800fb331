// The numbers by which the attributes, locations and types of MLIR's builtin dialect are encoded: the positions in the lists at the
// end of `mlir/include/mlir/IR/BuiltinDialectBytecode.td`.

/// An attribute's kind; locations are attributes.
public enum BuiltinAttributeCode: Int {
    case array, dictionary, string, typedString, flatSymbol, symbol, type, unit, integer, float
    case callSiteLocation, fileLocation, fusedLocation, fusedLocationWithMetadata, namedLocation, unknownLocation
    case resource, denseArray, denseElements, denseStrings, sparseElements, distinct
    /// A file with the first line and column and the last.
    case fileRangeLocation
}

/// A type's kind.
public enum BuiltinTypeCode: Int {
    case integer, index, function, bf16, f16, f32, f64, f80, f128, complex, memref, memrefWithSpace, noType, tensor, encodedTensor, tuple
    case unrankedMemref, unrankedMemrefWithSpace, unrankedTensor, vector, scalableVector
}
