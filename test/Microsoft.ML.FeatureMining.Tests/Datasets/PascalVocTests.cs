using System.Xml;
using System.Xml.Linq;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Tests.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.Datasets;

public sealed class PascalVocTests : IDisposable
{
    private const string Person = """
        <annotation>
          <owner><name>not a class</name></owner>
          <size><width>100</width><height>80</height><depth>3</depth></size>
          <object>
            <name>person</name><truncated>1</truncated><difficult>0</difficult>
            <bndbox><xmax>100</xmax><xmin>1</xmin><ymin>11</ymin><ymax>80</ymax></bndbox>
            <part><name>head</name><bndbox><xmin>5</xmin><ymin>5</ymin><xmax>6</xmax><ymax>6</ymax></bndbox></part>
          </object>
          <object><name>dog</name><difficult>1</difficult><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9.5</xmax><ymax>9</ymax></bndbox></object>
        </annotation>
        """;

    private readonly TemporaryFolder _folder = new();

    public PascalVocTests()
    {
        _folder.Write("ImageSets/Main/train.txt", "000002\n");
        _folder.Write("Annotations/000002.xml", Person);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_PartsOwnersAndDifficultObjects_AreDistinguished()
    {
        VocImage image = Assert.Single(PascalVoc.Read(_folder.Path, "train"));

        Assert.Equal((_folder["JPEGImages/000002.jpg"], 100, 80), (image.Path, image.Width, image.Height));
        Assert.Equal([new("person", new(0, 10, 100, 70), false, true), new("dog", new(0, 0, 9.5f, 9), true, false)], image.Objects);
        Assert.Equal(["person"], image.ClassNames);
        Assert.Equal(["dog"], image.DifficultClassNames);
    }

    // It took more than ten minutes.
    [Fact]
    public void Read_AnnotationNestedVeryDeeply_IsRefused()
    {
        const int levels = 500_000;
        string deep = string.Concat(Enumerable.Repeat("<a>", levels)) + string.Concat(Enumerable.Repeat("</a>", levels));
        _folder.Write("Annotations/000002.xml", Person.Replace("</annotation>", deep + "</annotation>"));

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => PascalVoc.Read(_folder.Path, "train"));

        Assert.Contains("000002.xml', line 10: elements are nested more than 64 levels deep", refusal.Message);
    }

    [Theory]
    [InlineData("<xmin>1</xmin><ymin>11</ymin>", "<xmin>x</xmin><ymin>11</ymin>", "line 6: 'x' is not a number")]
    [InlineData("<xmin>1</xmin><ymin>11</ymin>", "<ymin>11</ymin>", "line 6: 'bndbox' has no 'xmin'")]
    [InlineData("<xmin>1</xmin><ymin>11</ymin>", "<xmin>200</xmin><ymin>11</ymin>", "line 6: xmin must be at most xmax")]
    [InlineData("<width>100</width>", "<width>0</width>", "line 3: the width is 0")]
    [InlineData("<name>person</name>", "<name> </name>", "line 4: an object has no name")]
    [InlineData("<difficult>0</difficult>", "<difficult>2</difficult>", "line 5: '2' is neither")]
    [InlineData("</annotation>", "", "line 10")]
    [InlineData("<annotation>", "<!DOCTYPE a [<!ENTITY x \"y\">]><annotation>", "DTD")]
    public void Read_DamagedAnnotation_NamesFileAndLine(string old, string now, string expected)
    {
        string path = _folder.Write("Annotations/000002.xml", Person.Replace(old, now));

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => PascalVoc.Read(_folder.Path, "train"));

        Assert.Contains(path, refusal.Message);
        Assert.Contains(expected, refusal.Message);
    }

    [Fact]
    public void Read_EntitiesOfAFile_AreNotExpanded()
    {
        _folder.Write(
            "Annotations/000002.xml",
            $"<!DOCTYPE a [<!ENTITY x SYSTEM \"{_folder["ImageSets/Main/train.txt"]}\">]>\n{Person.Replace("person", "&x;")}"
        );

        Assert.Throws<InvalidDataException>(() => PascalVoc.Read(_folder.Path, "train"));
    }

    [Fact]
    public void Read_WrittenAnnotation_RoundTrips() =>
        PropertyAssert.Holds(
            Prop.ForAll<NonEmptyArray<(NonEmptyString Name, byte X, byte Y, byte Width, byte Height, bool Difficult)>>(drawn =>
            {
                VocObject[] objects =
                [
                    .. drawn.Get.Select(thing => new VocObject(
                        $"a{string.Concat(thing.Name.Get.Where(XmlConvert.IsXmlChar)).Trim()}".ReplaceLineEndings("\n"),
                        new AnnotationBox(thing.X, thing.Y, thing.Width + 1, thing.Height + 1),
                        thing.Difficult,
                        !thing.Difficult
                    )),
                ];
                XElement annotation = new(
                    "annotation",
                    new XElement("size", new XElement("width", 600), new XElement("height", 500)),
                    objects.Select(thing => new XElement(
                        "object",
                        new XElement("truncated", thing.Truncated ? 1 : 0),
                        new XElement("name", thing.ClassName),
                        new XElement(
                            "bndbox",
                            Corner("xmin", thing.Box.X + 1),
                            Corner("ymin", thing.Box.Y + 1),
                            Corner("xmax", thing.Box.X + thing.Box.Width),
                            Corner("ymax", thing.Box.Y + thing.Box.Height)
                        ),
                        new XElement("difficult", thing.Difficult ? 1 : 0)
                    ))
                );
                _folder.Write("Annotations/000002.xml", annotation.ToString());

                VocImage image = PascalVoc.Read(_folder.Path, "train")[0];

                return image.Objects.SequenceEqual(objects) && (image.Width, image.Height) == (600, 500);

                static XElement Corner(string name, float value) => new(name, value);
            })
        );

    [Theory]
    [InlineData("000002\n000002", "line 2: '000002' is already on an earlier line")]
    [InlineData("000002  1", "line 1: there are 2 words")]
    [InlineData("../000002", "line 1: '../000002' is not a file name")]
    public void Read_DamagedList_NamesFileAndLine(string list, string expected)
    {
        _folder.Write("ImageSets/Main/train.txt", list);

        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => PascalVoc.Read(_folder.Path, "train")).Message);
    }

    [Fact]
    public void Read_MissingSetOrAnnotation_NamesIt()
    {
        _folder.Write("ImageSets/Main/val.txt", "000009");

        Assert.Contains("test.txt", Assert.Throws<FileNotFoundException>(() => PascalVoc.Read(_folder.Path, "test")).Message);
        Assert.Contains("000009.xml", Assert.Throws<FileNotFoundException>(() => PascalVoc.Read(_folder.Path, "val")).Message);
    }

    [SkippableTheory]
    [InlineData("trainval", 220, 738)]
    [InlineData("test", 120, 423)]
    public void Read_TheRealSubset_AgreesWithVocsOwnClassLists(string set, int pictures, int objects)
    {
        string root = Root();

        IReadOnlyList<VocImage> images = PascalVoc.Read(root, set);

        Assert.Equal((pictures, objects), (images.Count, images.Sum(image => image.Objects.Count)));
        string[] classes =
        [
            .. Directory.GetFiles(Path.Combine(root, "ImageSets", "Main"), $"*_{set}.txt").Select(path => Path.GetFileName(path)[..^$"_{set}.txt".Length]),
        ];
        Assert.Equal(20, classes.Length);
        foreach (string name in classes)
        {
            string[] marks =
            [
                .. File.ReadLines(Path.Combine(root, "ImageSets", "Main", $"{name}_{set}.txt"))
                    .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]),
            ];
            Assert.Equal(
                marks,
                images.Select(image =>
                    image.ClassNames.Contains(name) ? "1"
                    : image.DifficultClassNames.Contains(name) ? "0"
                    : "-1"
                )
            );
        }
    }

    [SkippableFact]
    public void Cut_TheRealSubset_GivesTheObjects()
    {
        VocImage[] images = [.. PascalVoc.Read(Root(), "train").Take(30)];

        PatchRow[] patches = [.. VocPatches.Cut(images, minSide: 64, withDifficult: false)];

        VocObject[] wanted = [.. images.SelectMany(image => image.Objects).Where(thing => thing is { Difficult: false, Box: { Width: >= 64, Height: >= 64 } })];
        Assert.Equal(wanted.Select(thing => thing.ClassName), patches.Select(patch => patch.Label));
        foreach ((VocObject thing, PatchRow patch) in wanted.Zip(patches))
        {
            DecodedImage whole = ImageCodec.Decode(File.ReadAllBytes(patch.ImagePath)),
                cut = ImageCodec.Decode(patch.Image);
            Assert.Equal(((int)thing.Box.Width, (int)thing.Box.Height), (cut.Width, cut.Height));
            (int x, int y) = ((int)thing.Box.X + cut.Width - 1, (int)thing.Box.Y + cut.Height - 1);
            Assert.Equal(whole.Pixels.AsSpan(((y * whole.Width) + x) * 3, 3), cut.Pixels.AsSpan(cut.Pixels.Length - 3));
        }
    }

    [Fact]
    public void LoadPascalVocPatches_ByDefault_TakesObjectsOfMoreThan64Pixels() =>
        Assert.Equal(65, typeof(DataOperationsExtensions).GetMethod("LoadPascalVocPatches")!.GetParameters().Single(one => one.Name == "minSide").DefaultValue);

    [Fact]
    public void Cut_UnreadableImage_ReturnsTheFile()
    {
        _folder.Write("JPEGImages/000002.jpg", "no picture");
        VocImage[] images = [.. PascalVoc.Read(_folder.Path, "train")];

        PatchRow patch = Assert.Single(VocPatches.Cut(images, minSide: 64, withDifficult: true));

        Assert.Equal("no picture"u8, patch.Image);
        File.Delete(_folder["JPEGImages/000002.jpg"]);
        Assert.Empty(Assert.Single(VocPatches.Cut(images, minSide: 64, withDifficult: true)).Image);
    }

    [Fact]
    public void Cut_ImageOfAnotherSize_IsNamed()
    {
        _folder.Write("JPEGImages/000002.jpg", Goldens.Picture("rgb.png"));

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => VocPatches.Cut(PascalVoc.Read(_folder.Path, "train"), 0, false).Count());

        Assert.Contains("000002.jpg", refusal.Message);
        Assert.Contains("21x14; its annotation says 100x80", refusal.Message);
    }

    private static string Root() => Path.Combine(SharedData.Folder("voc2007-subset"), "VOCdevkit", "VOC2007");
}
