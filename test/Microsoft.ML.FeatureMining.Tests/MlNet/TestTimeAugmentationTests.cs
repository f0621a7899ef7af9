using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Models that score several views of an image.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class TestTimeAugmentationTests(TrainedModel trained)
{
    private readonly MLContext _ml = trained.Context;

    [Fact]
    public void Flip_Model_AveragesTheImageAndItsMirrorImage()
    {
        float[][] before = trained.Scores(trained.Model);
        ITransformer model = _ml.Model.WithTestTimeAugmentation(trained.Model, TestTimeAugmentation.Flip);

        float[][] straight = Scores(trained.Transformer, Images(mirrored: false)),
            mirrored = Scores(trained.Transformer, Images(mirrored: true));
        AssertClose([.. straight.Zip(mirrored, (one, other) => one.Zip(other, (a, b) => (a + b) / 2).ToArray())], Scores(Last(model), Images(mirrored: false)));
        Assert.Equal(before, trained.Scores(trained.Model));
        Assert.Equal(TestTimeAugmentation.None, trained.Transformer.Model.TestTimeAugmentation);
        Assert.NotEqual(straight[0], mirrored[0]);
    }

    [Fact]
    public void TenCrop_Model_ScoresTheCropsOfALargerImage()
    {
        // Crops of 12x12 from an image of 14x14; they start at 0, 1 (the center) and 2.
        (int Top, int Left)[] corners = [(0, 0), (0, 2), (2, 0), (2, 2), (1, 1)];
        DecodedImage image = ImageCodec.Decode(Images(mirrored: false)[0].Image);
        DecodedImage larger = ImageResize.Resize(image, 14, 14);
        EncodedImage[] crops =
        [
            .. new[] { false, true }.SelectMany(mirror =>
                corners.Select(corner => Encoded(12, 12, (x, y) => Pixel(larger, mirror ? 13 - (x + corner.Left) : x + corner.Left, y + corner.Top)))
            ),
        ];

        float[] score = Scores(Last(_ml.Model.WithTestTimeAugmentation(trained.Model, TestTimeAugmentation.TenCrop)), [Images(mirrored: false)[0]])[0];

        float[][] each = Scores(trained.Transformer, crops);
        AssertClose(
            [
                [.. Enumerable.Range(0, 3).Select(k => each.Average(row => row[k]))],
            ],
            [score]
        );
        Assert.Equal(10, each.Length);
    }

    [Theory]
    [InlineData(TestTimeAugmentation.Flip)]
    [InlineData(TestTimeAugmentation.TenCrop)]
    public void SaveThenLoad_AnyViews_KeepsThem(TestTimeAugmentation views)
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("tta-").FullName, "model.zip");
        ITransformer model = _ml.Model.WithTestTimeAugmentation(trained.Model, views);
        _ml.Model.Save(model, trained.Rows.Schema, path);

        ITransformer loaded = new MLContext().Model.Load(path, out _);

        Assert.Equal(views, Last(loaded).Model.TestTimeAugmentation);
        Assert.Equal(trained.Scores(model), trained.Scores(loaded));
        Assert.NotEqual(trained.Scores(trained.Model), trained.Scores(loaded));
        AssertClose(trained.Scores(trained.Model), trained.Scores(_ml.Model.WithTestTimeAugmentation(loaded, TestTimeAugmentation.None)));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void PlanarFloats_Flip_WorksAndTenCropThrows()
    {
        IDataView rows = _ml.Data.LoadFromEnumerable(
            Enumerable
                .Range(0, 24)
                .Select(i => new PlanarRow
                {
                    Image = [.. Enumerable.Range(0, 3 * 8 * 8).Select(at => (float)((at * (i % 3 + 1)) % 7))],
                    Label = (uint)(i % 3) + 1,
                })
        );
        ImageClassificationTransformer model = _ml
            .MulticlassClassification.Trainers.FeatureMining(Tiny.Options with { Epochs = 1, ImageHeight = 8, ImageWidth = 8 })
            .Fit(rows);

        ITransformer flipped = _ml.Model.WithTestTimeAugmentation(model, TestTimeAugmentation.Flip);
        ArgumentException error = Assert.Throws<ArgumentException>(() => _ml.Model.WithTestTimeAugmentation(model, TestTimeAugmentation.TenCrop));

        Assert.All(flipped.Transform(rows).GetColumn<float[]>("Score"), row => Assert.Equal(1, row.Sum(), 1e-5f));
        Assert.Contains("planar floats of 3x8x8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithTestTimeAugmentation_InvalidArguments_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Model.WithTestTimeAugmentation(trained.Model, (TestTimeAugmentation)9));
        Assert.Contains(
            "no image classifier",
            Assert.Throws<ArgumentException>(() => _ml.Model.WithTestTimeAugmentation(trained.Model.First(), TestTimeAugmentation.Flip)).Message,
            StringComparison.Ordinal
        );
    }

    private static ImageClassificationTransformer Last(ITransformer model) =>
        Assert.IsType<ImageClassificationTransformer>(((IEnumerable<ITransformer>)model).Last());

    private float[][] Scores(ITransformer model, EncodedImage[] images) =>
        [.. model.Transform(_ml.Data.LoadFromEnumerable(images)).GetColumn<float[]>("Score")];

    private static EncodedImage[] Images(bool mirrored) =>
        [
            .. Enumerable
                .Range(0, 5)
                .Select(i =>
                {
                    DecodedImage image = ImageCodec.Decode(ColoredImages.Png(i % 3, new Random(i)));
                    return Encoded(image.Width, image.Height, (x, y) => Pixel(image, mirrored ? image.Width - 1 - x : x, y));
                }),
        ];

    private static byte[] Pixel(DecodedImage image, int x, int y) => image.Pixels.AsSpan(((y * image.Width) + x) * 3, 3).ToArray();

    private static EncodedImage Encoded(int width, int height, Func<int, int, byte[]> pixel)
    {
        byte[] pixels = [.. Enumerable.Range(0, width * height).SelectMany(at => pixel(at % width, at / width))];
        return new EncodedImage { Image = ImageCodec.EncodePng(pixels, width, height) };
    }

    private static void AssertClose(float[][] expected, float[][] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.All(pair.First.Zip(pair.Second), value => Assert.Equal(value.First, value.Second, 1e-5f)));
    }

    private sealed class PlanarRow
    {
        [VectorType(3, 8, 8)]
        public float[] Image { get; set; } = [];

        [KeyType(3)]
        public uint Label { get; set; }
    }
}
