// The geometry of sliding windows in one dimension: reduce_window, select_and_scatter, convolution.
import JaxIR
import JaxPlatform

/// How a window slides over one dimension (`docs/spec.md`, reduce_window and convolution).
struct Window {
    /// Bounds for strides, dilations, padding and windows, and for the operand's dimensions, so that no sum or product of
    /// them overflows.
    static let limit = 1 << 30
    static let sizeLimit = 1 << 31

    /// Elements of the operand.
    var size: Int
    /// Elements of the window.
    var window: Int
    var stride = 1
    var low = 0
    var high = 0
    /// Distance of neighbours of the operand, with zeros (or nothing) between.
    var baseDilation = 1
    /// Distance of neighbours of the window.
    var windowDilation = 1

    /// Positions of the window.
    var outputSize: Int {
        let base = size == 0 ? 0 : (size - 1) * baseDilation + 1
        let padded = base + low + high
        let extent = window == 0 ? 0 : (window - 1) * windowDilation + 1
        return padded < extent || padded <= 0 ? 0 : (padded - extent) / stride + 1
    }

    /// The operand's index under element `w` of the window at position `o`, or -1 between elements and outside.
    @inline(__always) func index(_ o: Int, _ w: Int) -> Int {
        let position = o * stride + w * windowDilation - low
        if position < 0 { return -1 }
        if baseDilation == 1 { return position < size ? position : -1 }
        if position % baseDilation != 0 { return -1 }
        let index = position / baseDilation
        return index < size ? index : -1
    }

    /// The positions `o` of `0..<limit` for which element `w` lies on the operand, where there is no base dilation:
    /// a range, through which the index grows by `stride`.
    @inline(__always) func positions(_ w: Int, limit: Int) -> Range<Int> {
        let shift = w * windowDilation - low
        // 0 <= o * stride + shift < size
        let first = shift >= 0 ? 0 : (-shift + stride - 1) / stride
        let end = size - shift <= 0 ? 0 : (size - shift - 1) / stride + 1
        let upper = min(end, limit)
        return first < upper ? first..<upper : 0..<0
    }
}
