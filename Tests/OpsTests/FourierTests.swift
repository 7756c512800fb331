import CMath
import Testing
import JaxIR
import JaxPlatform
@testable import JaxOps

/// Transforms of lines that are split into rows and columns, and of several lines at once, against the definition.
@Suite struct FourierTests {
    private func signal(_ count: Int) -> [Complex128] {
        var elements: [Complex128] = []
        for j in 0..<count { elements.append(Complex128(Double(j * 7 % 11) - 5, Double(j * 3 % 13) - 6)) }
        return elements
    }

    private func fourier(_ kind: String, _ x: [Complex128], _ shape: [Int], _ lengths: [Int]) throws -> [Complex128] {
        try evaluate(.fft, [try tensor(.c128, shape, x)], TensorType(.c128, shape),
                     [NamedAttribute("fft_type", .enumeration(kind)), NamedAttribute("fft_length", .integers(lengths))])
            .list(Complex128.self)
    }

    /// Element k of the transform of `count` elements, `stride` apart from `first` on.
    private func element(_ x: [Complex128], _ k: Int, _ first: Int, _ stride: Int, _ count: Int) -> Complex128 {
        var sum = Complex128(0)
        for j in 0..<count {
            let angle: Double = -2 * Double.pi * Double(j * k % count) / Double(count)
            sum = sum + x[first + j * stride] * Complex128(cos(angle), sin(angle))
        }
        return sum
    }

    @Test func longLines() throws {
        // Even and odd powers, rows that are no multiple of the lanes, and lengths without small factors; the last is divided.
        for n in [512, 513, 625, 1000, 1024, 2048, 2187, 1009, 6006, 1 << 15] {
            let x = signal(n), result = try fourier("FFT", x, [n], [n])
            for k in stride(from: 0, to: n, by: max(1, n / 13)) {
                #expect((result[k] - element(x, k, 0, 1, n)).squaredMagnitude.squareRoot() < 1e-9)
            }
            let back = try fourier("IFFT", result, [n], [n])
            for j in 0..<n { #expect((back[j] - x[j]).squaredMagnitude.squareRoot() < 1e-12) }
        }
    }

    @Test func severalLines() throws {
        for (lines, n) in [(1, 8), (2, 15), (3, 64), (4, 60), (5, 37), (9, 30), (5, 1024)] {
            let x = signal(lines * n)
            let rows = try fourier("FFT", x, [lines, n], [n])
            for line in 0..<lines {
                for k in [0, 1, n / 2, n - 1] {
                    #expect((rows[line * n + k] - element(x, k, line * n, 1, n)).squaredMagnitude.squareRoot() < 1e-9)
                }
            }
            // Both dimensions and back.
            let both = try fourier("FFT", x, [lines, n], [lines, n])
            for k in [0, n / 3] {
                for line in 0..<lines {
                    #expect((both[line * n + k] - element(rows, line, k, n, lines)).squaredMagnitude.squareRoot() < 1e-9)
                }
            }
            let back = try fourier("IFFT", both, [lines, n], [lines, n])
            for j in x.indices { #expect((back[j] - x[j]).squaredMagnitude.squareRoot() < 1e-12) }
        }
    }
}
