using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Tests.Datasets;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>Loading Pascal VOC with its boxes.</summary>
public sealed class VocDetectionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public VocDetectionTests()
    {
        _folder.Write("ImageSets/Main/test.txt", "one\ntwo\n");
        _folder.Write("JPEGImages/one.jpg", ImageCodec.EncodePng(new byte[20 * 10 * 3], 20, 10));
        _folder.Write(
            "Annotations/one.xml",
            """
            <annotation><size><width>20</width><height>10</height><depth>3</depth></size>
            <object><name>cat</name><difficult>0</difficult><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>20</xmax><ymax>9</ymax></bndbox></object>
            <object><name>dog</name><difficult>1</difficult><bndbox><xmin>3</xmin><ymin>4</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object></annotation>
            """
        );
        _folder.Write("Annotations/two.xml", "<annotation><size><width>5</width><height>5</height><depth>3</depth></size></annotation>");
    }

    [Fact]
    public void LoadPascalVocDetection_Boxes_StartAtZeroAndEndAtExclusiveEdges()
    {
        IDataView rows = new MLContext().Data.LoadPascalVocDetection(_folder.Path, "test");

        Assert.Equal(
            [
                ["cat", "dog"],
                [],
            ],
            rows.GetColumn<string[]>("Label")
        );
        Assert.Equal(
            [
                [0, 1, 20, 9, 2, 3, 3, 4],
                [],
            ],
            rows.GetColumn<float[]>("BoundingBoxes")
        );
        Assert.Equal(
            [
                [false, true],
                [],
            ],
            rows.GetColumn<bool[]>("Difficult")
        );
        Assert.EndsWith("one.jpg", rows.GetColumn<string>("ImagePath").First(), StringComparison.Ordinal);
    }

    [Fact]
    public void LoadPascalVocDetection_WithoutDifficult_LeavesThemOut()
    {
        IDataView rows = new MLContext().Data.LoadPascalVocDetection(_folder.Path, "test", withDifficult: false);

        Assert.Equal(
            [
                ["cat"],
                [],
            ],
            rows.GetColumn<string[]>("Label")
        );
        Assert.Equal(
            [
                [0, 1, 20, 9],
                [],
            ],
            rows.GetColumn<float[]>("BoundingBoxes")
        );
    }

    // The numbers of shared/data/voc2007-subset/README.md.
    [SkippableTheory]
    [InlineData("trainval", 220, 738)]
    [InlineData("test", 120, 423)]
    public void LoadPascalVocDetection_SubsetOfVoc2007_HasItsImagesAndObjects(string set, int images, int objects)
    {
        string root = Path.Combine(SharedData.Folder("voc2007-subset"), "VOCdevkit", "VOC2007");

        IDataView rows = new MLContext().Data.LoadPascalVocDetection(root, set);

        string[][] labels = [.. rows.GetColumn<string[]>("Label")];
        Assert.Equal((images, objects, 20), (labels.Length, labels.Sum(row => row.Length), labels.SelectMany(row => row).Distinct().Count()));
    }

    public void Dispose() => _folder.Dispose();
}
