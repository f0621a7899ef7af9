using System.Formats.Tar;
using System.IO.Compression;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Tests.Datasets;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>
/// Six images of two classes in the layout of each data set. Labels and pixels must survive an ML.NET pipeline and the reader of the training engine.
/// </summary>
public sealed class SourceRoundTripTests : IDisposable
{
    private const int Count = 6;
    private const int Side = 32;

    private static readonly MLContext Ml = new(1);
    private static readonly string[] Classes = ["n00000001", "n00000002"];
    private static readonly byte[][] Pixels = [.. Enumerable.Range(0, Count).Select(Noise)];

    // In each source, the images are ordered by class.
    private static readonly Dictionary<string, Func<TemporaryFolder, IDataView>> Sources = new()
    {
        ["folder"] = folder =>
        {
            Images(folder, i => $"train/{Classes[ClassOf(i)]}/{i}.png");
            return Ml.Data.LoadImageFolder(folder["train"]);
        },
        ["list"] = folder =>
        {
            string[] files = Images(folder, i => $"images/{i}.png");
            return Ml.Data.LoadImageList(
                folder.Write("list.csv", Lines(files.Select((file, i) => $"{file},{Classes[ClassOf(i)]}").Prepend("ImagePath,Label")))
            );
        },
        ["tars"] = folder =>
        {
            foreach (int shard in (int[])[0, 1])
            {
                folder.Write($"{shard}.tar", TarFiles.Of([.. Enumerable.Range(0, Count).Where(i => ClassOf(i) == shard).SelectMany(Members)]));
            }

            return Ml.Data.LoadImageTars(folder["{0..1}.tar"]);

            static (string, byte[])[] Members(int i) =>
                [($"{i}.cls", System.Text.Encoding.UTF8.GetBytes(Classes[ClassOf(i)])), ($"{i}.png", ImageCodec.EncodePng(Pixels[i], Side, Side))];
        },
        ["multilabel list"] = folder =>
        {
            string[] files = Images(folder, i => $"images/{i}.png");
            return Ml.Data.LoadMultilabelImageList(
                folder.Write("list.csv", Lines(files.Select((file, i) => $"{file},{Classes[ClassOf(i)]}").Prepend("ImagePath,Label")))
            );
        },
        ["cifar-100 files"] = folder =>
            Ml.Data.LoadCifar(CifarBinary.Cifar100, Cifar(folder, "fine_label_names.txt", Names()), Cifar(folder, "test.bin", Records())),
        ["cifar-100 folder"] = folder =>
        {
            Cifar(folder, "fine_label_names.txt", Names());
            return Ml.Data.LoadCifarArchive(CifarBinary.Cifar100, Path.GetDirectoryName(Cifar(folder, "test.bin", Records()))!, DataPart.Test);
        },
        ["cifar-100 archive"] = folder =>
        {
            Cifar(folder, "fine_label_names.txt", Names());
            string unpacked = Path.GetDirectoryName(Cifar(folder, "test.bin", Records()))!;
            using (GZipStream zip = new(File.Create(folder["cifar.tar.gz"]), CompressionLevel.Fastest))
            {
                TarFile.CreateFromDirectory(unpacked, zip, includeBaseDirectory: true);
            }

            return Ml.Data.LoadCifarArchive(CifarBinary.Cifar100, folder["cifar.tar.gz"], DataPart.Test);
        },
        ["tiny-imagenet"] = folder =>
        {
            Images(folder, i => $"train/{Classes[ClassOf(i)]}/images/{i}.JPEG");
            folder.Write("words.txt", Lines(Classes.Select(id => $"{id}\tname of {id}")));
            return Ml.Data.LoadTinyImageNet(Path.GetDirectoryName(folder.Write("wnids.txt", Lines(Classes)))!, DataPart.Train);
        },
        ["imagenet"] = folder =>
        {
            Images(folder, i => $"train/{Classes[ClassOf(i)]}/{i}.JPEG");
            return Ml.Data.LoadImageNet(folder["train"], folder.Write("synsets.txt", Lines(Classes)));
        },
        ["cub-200"] = folder =>
        {
            Images(folder, i => $"images/{Classes[ClassOf(i)]}/{i}.jpg");
            folder.Write("images.txt", Lines(Numbered(i => $"{Classes[ClassOf(i)]}/{i}.jpg")));
            folder.Write("classes.txt", Lines(Classes.Select((name, i) => $"{i + 1} {name}")));
            folder.Write("image_class_labels.txt", Lines(Numbered(i => $"{ClassOf(i) + 1}")));
            folder.Write("train_test_split.txt", Lines(Numbered(_ => "1")));
            folder.Write("bounding_boxes.txt", Lines(Numbered(_ => "0.0 0.0 32.0 32.0")));
            return Ml.Data.LoadCaltechBirds(folder.Path, DataPart.Train);
        },
        ["voc"] = folder => Ml.Data.LoadPascalVocImages(Voc(folder), "train"),
        ["voc-objects"] = folder => Ml.Data.LoadPascalVocObjects(Voc(folder), "train"),
        ["voc-patches"] = folder => Ml.Data.LoadPascalVocPatches(Voc(folder), "train", minSide: Side),
    };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Kinds => [.. Sources.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Load_ThroughAPipeline_KeepsLabelsAndPixels(string source)
    {
        IDataView rows = Sources[source](_folder);
        string label = rows.Schema.GetColumnOrNull("Labels") is null ? "Label" : "Labels";
        IDataView mapped = Ml
            .Transforms.Conversion.MapValueToKey("Key", label)
            .Append(Ml.Transforms.Conversion.MapKeyToValue("Back", "Key"))
            .Fit(rows)
            .Transform(rows);
        IDataView read = mapped.Schema.GetColumnOrNull("Image") is null
            ? Ml.Transforms.LoadRawImageBytes("Image", null, "ImagePath").Fit(mapped).Transform(mapped)
            : mapped;
        IDataView kept = Ml.Data.Cache(read);

        string[] back = label == "Label" ? [.. kept.GetColumn<string>("Back")] : [.. kept.GetColumn<string[]>("Back").Select(labels => labels.Single())];

        Assert.Equal(Enumerable.Range(0, Count).Select(i => Classes[ClassOf(i)]), back);
        Assert.Equal(Pixels, kept.GetColumn<byte[]>("Image").Select(encoded => ImageCodec.Decode(encoded).Pixels));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Load_ImageSetReader_KeepsLabelsAndPixels(string source)
    {
        IDataView rows = Sources[source](_folder);
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(3, Side, Side) };
        bool sets = rows.Schema.GetColumnOrNull("Labels") is not null;
        IDataView mapped = sets ? rows : Ml.Transforms.Conversion.MapValueToKey("Key", "Label").Fit(rows).Transform(rows);
        LabelColumn label = sets ? LabelSetColumn.Bind(mapped, "Labels") : KeyLabelColumn.Bind(mapped.Schema, "Key");
        LabeledRows labeled = new(mapped, label, ImageColumn.BindOrUsual(mapped.Schema, "Image", preprocessing, ImageCodec.DefaultMaxPixels), () => { });

        using ImageSet images = new ImageSetReader(UnreadableImageBehavior.Throw, new StorageSettings(), _ => { }).Read(labeled).Images;

        Assert.Equal(Count, images.Count);
        for (int i = 0; i < Count; i++)
        {
            int number = images.LabelSets is { } all ? Array.IndexOf(all[images.Labels[i]], 1f) : images.Labels[i];
            Assert.Equal(Classes[ClassOf(i)], label.Keys.Names[number]);
            Assert.Equal(new DecodedImage(Side, Side, 3, Pixels[i]).ToPlanar(), images[i].ToArray());
        }
    }

    private static int ClassOf(int image) => image * 2 / Count;

    private static byte[] Noise(int image)
    {
        byte[] pixels = new byte[3 * Side * Side];
        new Random(image).NextBytes(pixels);
        return pixels;
    }

    // All files are PNG: the decoder detects the format from the bytes, not from the file name.
    private static string[] Images(TemporaryFolder folder, Func<int, string> nameOf) =>
        [
            .. Pixels.Select(
                (pixels, i) =>
                {
                    return folder.Write(nameOf(i), ImageCodec.EncodePng(pixels, Side, Side));
                }
            ),
        ];

    private static string Cifar(TemporaryFolder folder, string name, byte[] bytes) => folder.Write($"cifar-100-binary/{name}", bytes);

    private static byte[] Names() => System.Text.Encoding.UTF8.GetBytes(Lines(Classes.Concat(Enumerable.Range(2, 98).Select(i => $"other {i}"))));

    private static byte[] Records() =>
        [.. Pixels.SelectMany((pixels, i) => (byte[])[0, (byte)ClassOf(i), .. new DecodedImage(Side, Side, 3, pixels).ToPlanar()])];

    private static string Voc(TemporaryFolder folder)
    {
        Images(folder, i => $"JPEGImages/{i}.jpg");
        folder.Write("ImageSets/Main/train.txt", Lines(Enumerable.Range(0, Count).Select(i => $"{i}")));
        for (int i = 0; i < Count; i++)
        {
            folder.Write(
                $"Annotations/{i}.xml",
                $"""
                <annotation><size><width>{Side}</width><height>{Side}</height></size><object><name>{Classes[
                    ClassOf(i)
                ]}</name><difficult>0</difficult><truncated>0</truncated>
                <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>{Side}</xmax><ymax>{Side}</ymax></bndbox></object></annotation>
                """
            );
        }
        return folder.Path;
    }

    private static IEnumerable<string> Numbered(Func<int, string> line) => Enumerable.Range(0, Count).Select(i => $"{i + 1} {line(i)}");

    private static string Lines(IEnumerable<string> lines) => string.Join('\n', lines) + "\n";
}
