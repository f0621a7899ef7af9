using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using SkiaSharp;

namespace Benchmarks;

/// <summary>
/// Classifies one JPEG in memory at a time: by ML.NET's <see cref="PredictionEngine{TSrc, TDst}"/>, or by the two calls that do the work in it: decoding, and the
/// network.
/// </summary>
internal sealed class OneImage : Contestant
{
    private readonly Action _predict;

    private OneImage(string name, Action predict)
        : base(name) => _predict = predict;

    public static Contestant[] Both(string backbone, int side)
    {
        byte[] jpeg = Jpeg(side);
        ImageClassificationTransformer model = new(new MLContext(1), ScoringStep.Model(backbone, new ImageShape(3, side, side)), new ScoringSettings());
        PredictionEngine<Input, Output> engine = new MLContext(1).Model.CreatePredictionEngine<Input, Output>(model);
        byte[] pixels = new byte[3 * side * side];
        float[] probabilities = new float[Noise.Classes];
        (Input input, Output output) = (new Input { Image = jpeg }, new Output());
        return
        [
            new OneImage(
                "decoding and network",
                () =>
                {
                    model.Scorer.Preprocessing.Apply(jpeg, ImageCodec.DefaultMaxPixels, pixels);
                    model.Scorer.Score(pixels, 1, probabilities);
                }
            ),
            new OneImage("PredictionEngine", () => engine.Predict(input, ref output)),
        ];
    }

    // The model lives as long as the process.
    public override void Dispose() { }

    protected override double[] Run(int steps) => TimeEach(steps, _predict);

    private static byte[] Jpeg(int side)
    {
        using SKBitmap bitmap = new(side, side);
        ReadOnlySpan<byte> noise = Noise.Images(1, side)[0].ToArray();
        for (int i = 0; i < side * side; i++)
        {
            bitmap.SetPixel(i % side, i / side, new SKColor(noise[3 * i], noise[(3 * i) + 1], noise[(3 * i) + 2]));
        }

        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }

    private sealed class Input
    {
        public byte[] Image { get; set; } = [];
    }

    private sealed class Output
    {
        public float[] Score { get; set; } = [];
    }
}
