using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Explanation;

/// <summary>Maps lie over the image as it is in its file, not over the network's small input.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class OwnResolutionTests(TrainedModel trained)
{
    // A column per pixel has its own color, so that a resize would be seen.
    private static DecodedImage Columns(int width, int height) =>
        new(
            width,
            height,
            3,
            [.. from y in Enumerable.Range(0, height) from x in Enumerable.Range(0, width) from c in Enumerable.Range(0, 3) select (byte)(x * 37 + c)]
        );

    [Theory]
    [InlineData(ResizeRule.Squash, 1, 60, 40, 0)]
    [InlineData(ResizeRule.CropShorterSide, 1, 40, 40, 10)]
    [InlineData(ResizeRule.CropShorterSide, 0.5, 20, 20, 20)]
    public void View_OfAnImage_IsThePartThatTheNetworkSees_PixelForPixel(ResizeRule rule, double cropRatio, int width, int height, int left)
    {
        ImagePreprocessing preprocessing = new()
        {
            Shape = new ImageShape(3, 8, 8),
            Resize = rule,
            CropRatio = cropRatio,
        };

        DecodedImage view = preprocessing.View(Columns(60, 40), 1024);

        Assert.Equal((width, height), (view.Width, view.Height));
        Assert.Equal(Columns(60, 1).Pixels[(3 * left)..(3 * (left + width))], view.Pixels[..(3 * width)]);
    }

    [Theory]
    [InlineData(4000, 2000, 100, 100)]
    [InlineData(10000, 1, 1, 1)]
    [InlineData(1, 10000, 1, 1)]
    public void View_OfALargeOrThinImage_FitsIntoTheLongestSide(int imageWidth, int imageHeight, int width, int height)
    {
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(1, 16, 16) };

        DecodedImage view = preprocessing.View(Columns(imageWidth, imageHeight), 100);

        Assert.Equal((width, height, 3), (view.Width, view.Height, view.Channels));
        Assert.Equal(view.Pixels[0], view.Pixels[2]);
    }

    [Fact]
    public void Explain_AnImageLargerThanTheInput_IsDrawnAtItsOwnResolution()
    {
        DecodedImage large = Columns(90, 90);
        byte[] file = ImageCodec.EncodePng(large.Pixels, 90, 90);
        using ImageExplainer explainer = trained.Context.Model.CreateImageExplainer(trained.Model);

        ImageExplanation explanation = explainer.Explain(file);
        DecodedImage drawn = ImageCodec.Decode(explanation.ToPng(null, explanation.LongerSide));

        Assert.Equal(90, explanation.LongerSide);
        Assert.Equal(large.Pixels, drawn.Pixels);
    }

    [Fact]
    public void Explain_Rows_AreDrawnFromTheirFiles()
    {
        using TemporaryFolder folder = new();
        DecodedImage large = Columns(50, 50);
        File.WriteAllBytes(folder["large.png"], ImageCodec.EncodePng(large.Pixels, 50, 50));
        IDataView rows = trained.Context.Data.LoadFromEnumerable([new PathRow { ImagePath = folder["large.png"] }]);
        using ImageExplainer explainer = trained.Context.Model.CreateImageExplainer(trained.Model);

        ImageExplanation explanation = Assert.Single(explainer.Explain(rows)).Explanation;

        Assert.Equal(large.Pixels, ImageCodec.Decode(explanation.ToPng(null, 50)).Pixels);
    }

    [Fact]
    public void Caption_NamesTheClass_AndIsDrawnBelowTheImage()
    {
        using ImageExplainer explainer = trained.Context.Model.CreateImageExplainer(trained.Model);
        ImageExplanation explanation = Assert.Single(explainer.Explain(trained.Rows, images: 1)).Explanation;

        Assert.StartsWith($"{explainer.ClassNames[explanation.Class]} ", explanation.Caption, StringComparison.Ordinal);
        Assert.EndsWith(" %", explanation.Caption, StringComparison.Ordinal);
        DecodedImage plain = new(70, 10, 3, new byte[2100]);
        DecodedImage captioned = CaptionText.Below(plain, "✗ Zebra\nis Ñandú");
        Assert.Equal((70, 38), (captioned.Width, captioned.Height));
        Assert.Equal(plain.Pixels, captioned.Pixels[..2100]);
        Assert.Contains(captioned.Pixels[2100..], value => value < 60);
        Assert.Same(plain, CaptionText.Below(plain, ""));
    }

    [Fact]
    public void Caption_LettersDiffer_AndUnknownOnesAndLongLinesAreMarked()
    {
        byte[] Drawn(string text) => CaptionText.Below(new DecodedImage(14, 1, 3, new byte[42]), text).Pixels;

        string[] texts = ["a", "b", "é", "ж", "Ω", "✓", "✗", "…", "猫"];
        Assert.Equal(texts.Length, texts.Select(text => Convert.ToHexString(Drawn(text))).Distinct().Count());
        Assert.Equal(Drawn("猫"), Drawn("犬"));
        Assert.Equal(Drawn("猫"), Drawn("😀"));
        Assert.Equal(Drawn("a…"), Drawn("abc"));
    }

    private sealed class PathRow
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }
}
