using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// VGG (Simonyan and Zisserman 2015, table 1, columns A, B, D and E), optionally with BatchNorm after each convolution. Names as in torchvision. Five stages of
/// 3x3 convolutions, each with a max pool at the end, at strides 2 to 32. There is no stem; the variant for small images has one fully connected layer instead
/// of three.
/// </summary>
internal sealed class Vgg : LayeredBackbone
{
    private static readonly int[] Widths = [64, 128, 256, 512, 512];

    private static readonly Dictionary<int, int[]> Convolutions = new()
    {
        [11] = [1, 1, 2, 2, 2],
        [13] = [2, 2, 2, 2, 2],
        [16] = [2, 2, 3, 3, 3],
        [19] = [2, 2, 4, 4, 4],
    };

    private readonly Sequential features;
    private readonly bool _small;

    public Vgg(int depth, bool batchNorm, bool small, int inputChannels, LayerFactory layers)
        : base(nameof(Vgg))
    {
        _small = small;
        int input = inputChannels;
        for (int stage = 0; stage < Widths.Length; stage++)
        {
            BeginStage();
            for (int i = 0; i < Convolutions[depth][stage]; i++)
            {
                AddConvolution(input, Widths[stage]);
                input = Widths[stage];
            }

            Layers.Add(nn.MaxPool2d(2, 2));
            EndStage(Widths[stage]);
        }

        features = Layers.ToModule();
        RegisterComponents();

        void AddConvolution(int from, int to)
        {
            if (batchNorm)
            {
                (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(from, to, kernel: 3, bias: true);
                Layers.Add(convolution);
                Layers.Add(norm);
            }
            else
            {
                Layers.Add(WeightLayers.Conv2d(from, to, 3, padding: 1));
            }

            Layers.Add(nn.ReLU(inplace: true));
        }
    }

    // timm's classifier is made of convolutions over the whole 7x7 map.
    protected internal override string MapWeightName(string name) =>
        name.Split('.') switch
        {
            ["pre_logits", "fc1", var tensor] => $"classifier.0.{tensor}",
            ["pre_logits", "fc2", var tensor] => $"classifier.3.{tensor}",
            ["head", "fc", var tensor] => $"classifier.6.{tensor}",
            _ => name,
        };

    protected internal override Head DefaultHead => _small ? new LinearHead() : new VggHead();
}
