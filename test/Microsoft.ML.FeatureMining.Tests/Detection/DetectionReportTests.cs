using System.Xml.Linq;
using Microsoft.ML.FeatureMining.Detection;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>Drawn boxes and the HTML report.</summary>
[Collection(TrainedDetectorCollection.Name)]
public sealed class DetectionReportTests(TrainedDetector trained)
{
    [Fact]
    public void DrawObjects_Outline_IsAtTheBoxInTheColorOfTheClass()
    {
        byte[] file = ImageCodec.EncodePng(new byte[60 * 80 * 3], 60, 80);
        DetectedObject cat = new("cat", 0.9f, 10, 30, 50, 70);
        DetectedObject dog = cat with { Class = "zebra" };

        DecodedImage image = ImageCodec.Decode(trained.Context.ObjectDetection().DrawObjects(file, [cat]));
        DecodedImage other = ImageCodec.Decode(trained.Context.ObjectDetection().DrawObjects(file, [dog]));

        Assert.Equal((60, 80), (image.Width, image.Height));
        byte[] color = At(image, 10, 50);
        Assert.All(new[] { (11, 50), (49, 50), (30, 69), (30, 68) }, place => Assert.Equal(color, At(image, place.Item1, place.Item2)));
        Assert.Equal([0, 0, 0], At(image, 30, 50));
        Assert.Equal([0, 0, 0], At(image, 9, 50));
        Assert.Equal([0, 0, 0], At(image, 50, 50));
        Assert.NotEqual(color, At(other, 10, 50));
        Assert.Equal([255, 255, 255], At(image, 10, 16)); // the caption above the box
    }

    [Fact]
    public void DrawObjects_LargeImage_IsReduced()
    {
        byte[] file = ImageCodec.EncodePng(new byte[400 * 200 * 3], 400, 200);

        DecodedImage image = ImageCodec.Decode(
            trained.Context.ObjectDetection().DrawObjects(file, [new DetectedObject("cat", 0.9f, 100, 100, 300, 180)], longestSide: 100)
        );

        Assert.Equal((100, 50), (image.Width, image.Height));
        Assert.NotEqual([0, 0, 0], At(image, 25, 35));
        Assert.Equal([0, 0, 0], At(image, 50, 35));
    }

    [Fact]
    public void DrawObjects_BoxBeyondTheImage_IsDrawnAsFarAsItGoes()
    {
        byte[] file = ImageCodec.EncodePng(new byte[20 * 20 * 3], 20, 20);

        byte[] png = trained.Context.ObjectDetection().DrawObjects(file, [new DetectedObject("a long name of a class", 1, -5, -5, 100, 100)]);

        Assert.Equal(20, ImageCodec.Decode(png).Width);
    }

    [Fact]
    public void WriteReport_HasMetricsClassesAndImages()
    {
        using MemoryStream stream = new();

        trained.Context.ObjectDetection().WriteReport(trained.Model.Transform(trained.Rows), stream, new DetectionReportOptions { Images = 3 });

        string page = System.Text.Encoding.UTF8.GetString(stream.ToArray());
        XElement html = XElement.Parse(page[page.IndexOf('\n', StringComparison.Ordinal)..]);
        Assert.Equal(["summary", "classes", "images"], html.Descendants("section").Select(section => (string)section.Attribute("id")!));
        Assert.Equal(3, html.Descendants("img").Count());
        Assert.Equal(Rectangles.Names, html.Descendants("tbody").Single().Elements("tr").Select(row => row.Element("th")!.Value));
        Assert.Contains("00.png: labeled blue; found", page, StringComparison.Ordinal);
    }

    [Fact]
    public void WriteReport_OtherColumnNames_IsTheSamePage()
    {
        IDataView found = trained.Model.Transform(trained.Rows);
        TransformsCatalog transforms = trained.Context.Transforms;
        IDataView renamed = transforms
            .CopyColumns("Class", "PredictedLabel")
            .Append(transforms.CopyColumns("Box", "PredictedBoundingBoxes"))
            .Append(transforms.CopyColumns("Confidence", "Score"))
            .Append(transforms.DropColumns("PredictedLabel", "PredictedBoundingBoxes", "Score"))
            .Fit(found)
            .Transform(found);
        DetectionReportOptions names = new()
        {
            PredictedLabelColumnName = "Class",
            PredictedBoundingBoxColumnName = "Box",
            ScoreColumnName = "Confidence",
        };

        Assert.Equal(Page(found, new DetectionReportOptions()), Page(renamed, names));

        byte[] Page(IDataView rows, DetectionReportOptions options)
        {
            using MemoryStream stream = new();
            trained.Context.ObjectDetection().WriteReport(rows, stream, options);
            return stream.ToArray();
        }
    }

    [Fact]
    public void WriteReport_NegativeNumberOfImages_IsRejected() =>
        Assert.Contains(
            "Images must be at least 0",
            Assert
                .Throws<ArgumentException>(() =>
                    trained
                        .Context.ObjectDetection()
                        .WriteReport(trained.Model.Transform(trained.Rows), Stream.Null, new DetectionReportOptions { Images = -1 })
                )
                .Message,
            StringComparison.Ordinal
        );

    private static byte[] At(DecodedImage image, int x, int y) => image.Pixels[(((y * image.Width) + x) * 3)..][..3];
}
