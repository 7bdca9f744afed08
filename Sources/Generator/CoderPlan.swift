/// A layer of an encoder or a decoder: building, counting and running follow one list of these.
struct CoderLayerPlan: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    /// 3x3.
    case convolution
    /// 3x3 with a stride of 2, one row and column of zeros at the end.
    case halving
    /// Each pixel four times, then 3x3.
    case doubling
    case residual
    case attention
    /// Group normalisation and swish.
    case normalization
  }

  /// In the state dictionary, below `encoder.` or `decoder.`.
  let name: String
  let kind: Kind
  let inputs, outputs: Int

  init(_ name: String, _ kind: Kind, _ inputs: Int, _ outputs: Int? = nil) {
    self.name = name
    self.kind = kind
    self.inputs = inputs
    self.outputs = outputs ?? inputs
  }

  var parameterCount: Int {
    switch kind {
    case .convolution, .halving, .doubling: return 9 * inputs * outputs + outputs
    case .normalization: return 2 * inputs
    case .attention: return 2 * inputs + 4 * (inputs * inputs + inputs)
    case .residual:
      let shortcut = inputs == outputs ? 0 : inputs * outputs + outputs
      return 2 * inputs + 9 * inputs * outputs + outputs + 2 * outputs + 9 * outputs * outputs + outputs + shortcut
    }
  }

  /// Of convolutions and products of matrices.
  ///
  /// - pixels: of the layer's input
  func multiplyAdds(pixels: Int) -> Int {
    switch kind {
    case .convolution: return 9 * inputs * outputs * pixels
    case .halving: return 9 * inputs * outputs * pixels / 4
    case .doubling: return 9 * inputs * outputs * pixels * 4
    case .normalization: return 0
    case .attention: return (4 * inputs * inputs + 2 * pixels * inputs) * pixels
    case .residual:
      let shortcut = inputs == outputs ? 0 : inputs * outputs
      return (9 * inputs * outputs + 9 * outputs * outputs + shortcut) * pixels
    }
  }

  func pixels(after pixels: Int) -> Int {
    switch kind {
    case .halving: pixels / 4
    case .doubling: pixels * 4
    default: pixels
    }
  }
}

extension VQGANConfiguration {
  private var channels: [Int] { multipliers.map { $0 * width } }
  /// Channels that the encoder gives, and those that a latent has behind `quant_conv`.
  var encodedWidth: Int { hasGaussianHead ? 2 * latentWidth : latentWidth }
  var quantWidth: Int { hasGaussianHead ? 2 * codeWidth : codeWidth }

  var encoderPlan: [CoderLayerPlan] {
    var layers = [CoderLayerPlan("conv_in", .convolution, 3, width)]
    var inputs = width
    for (level, outputs) in channels.enumerated() {
      for block in 0..<residualBlocks {
        layers.append(CoderLayerPlan("down.\(level).block.\(block)", .residual, inputs, outputs))
        inputs = outputs
        if attentionLevels.contains(level) {
          layers.append(CoderLayerPlan("down.\(level).attn.\(block)", .attention, outputs))
        }
      }
      if level + 1 < channels.count {
        layers.append(CoderLayerPlan("down.\(level).downsample.conv", .halving, outputs))
      }
    }
    return layers + middle(inputs) + output(inputs, encodedWidth)
  }

  var decoderPlan: [CoderLayerPlan] {
    var inputs = channels[channels.count - 1]
    var layers = [CoderLayerPlan("conv_in", .convolution, latentWidth, inputs)] + middle(inputs)
    for (level, outputs) in channels.enumerated().reversed() {
      for block in 0...residualBlocks {
        layers.append(CoderLayerPlan("up.\(level).block.\(block)", .residual, inputs, outputs))
        inputs = outputs
        if attentionLevels.contains(level) {
          layers.append(CoderLayerPlan("up.\(level).attn.\(block)", .attention, outputs))
        }
      }
      if level > 0 { layers.append(CoderLayerPlan("up.\(level).upsample.conv", .doubling, outputs)) }
    }
    return layers + output(inputs, 3)
  }

  private func middle(_ channels: Int) -> [CoderLayerPlan] {
    [
      CoderLayerPlan("mid.block_1", .residual, channels), CoderLayerPlan("mid.attn_1", .attention, channels),
      CoderLayerPlan("mid.block_2", .residual, channels),
    ]
  }

  private func output(_ inputs: Int, _ outputs: Int) -> [CoderLayerPlan] {
    [CoderLayerPlan("norm_out", .normalization, inputs), CoderLayerPlan("conv_out", .convolution, inputs, outputs)]
  }

  /// Parameters of the autoencoder, codebook included.
  public var parameterCount: Int {
    let coders = (encoderPlan + decoderPlan).reduce(0) { $0 + $1.parameterCount }
    return coders + encodedWidth * quantWidth + quantWidth + codeWidth * latentWidth + latentWidth + codes * codeWidth
  }

  /// Multiplications with additions to encode, quantise and decode a picture of ``size``, of convolutions and matrices.
  public var multiplyAdds: Int {
    func count(_ plan: [CoderLayerPlan], _ start: Int) -> Int {
      var (sum, pixels) = (0, start)
      for layer in plan {
        sum += layer.multiplyAdds(pixels: pixels)
        pixels = layer.pixels(after: pixels)
      }
      return sum
    }
    let places = grid * grid
    return count(encoderPlan, size * size) + count(decoderPlan, places)
      + places * (encodedWidth * quantWidth + codes * codeWidth + codeWidth * latentWidth)
  }
}
