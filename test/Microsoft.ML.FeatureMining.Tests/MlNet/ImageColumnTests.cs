using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Native;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>The types of image columns, and data sets that the catalog loads.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class ImageColumnTests(TrainedModel trained) : IDisposable
{
    private static readonly FeatureMiningOptions Short = Tiny.Options with { Epochs = 1 };

    private readonly string _folder = Directory.CreateTempSubdirectory("image-column-tests-").FullName;

    [Fact]
    public void Fit_OnMlImages_GivesTheScoresOfTheEncodedFiles()
    {
        MLContext ml = new(1);
        IDataView bitmaps = ml
            .Transforms.CopyColumns("Key", "Label")
            .Append(ml.Transforms.LoadImages("Image", null, "ImagePath"))
            .Fit(trained.Loaded)
            .Transform(ml.Transforms.DropColumns("Image").Fit(trained.Loaded).Transform(trained.Loaded));
        using ImageClassificationTransformer encoded = ml.MulticlassClassification.Trainers.FeatureMining(Short).Fit(trained.Loaded);

        using ImageClassificationTransformer model = ml.MulticlassClassification.Trainers.FeatureMining(Short).Fit(bitmaps);

        float[][] expected = [.. encoded.Transform(trained.Loaded).GetColumn<float[]>("Score")];
        Assert.Equal(expected, model.Transform(bitmaps).GetColumn<float[]>("Score"));
        Assert.Equal(expected, encoded.Transform(bitmaps).GetColumn<float[]>("Score"));
    }

    [Fact]
    public void Cursor_MlImages_ReturnsOneImagePerRow()
    {
        IDataView bitmaps = trained
            .Context.Transforms.LoadImages("Image", null, "ImagePath")
            .Fit(trained.Loaded)
            .Transform(trained.Context.Transforms.DropColumns("Image").Fit(trained.Loaded).Transform(trained.Loaded));

        // Each image must stay valid as long as the cursor; ML.NET disposes the last one with the cursor.
        HashSet<MLImage> seen = [];
        foreach (MLImage image in trained.Transformer.Transform(bitmaps).GetColumn<MLImage>("Image"))
        {
            Assert.True(seen.Add(image));
            Assert.All(seen, earlier => Assert.Equal(12, earlier.Width));
        }
        Assert.Equal(ColoredImages.PerClass * 3, seen.Count);
    }

    [Fact]
    public void Fit_OnPlanarFloats_TakesTheShapeFromTheColumn()
    {
        Random random = new(2);
        MLContext ml = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(
            Enumerable
                .Range(0, 30)
                .Select(i => new PlanarRow { Label = i % 10, Image = [.. Enumerable.Range(0, 3072).Select(_ => (float)random.Next(256))] })
                .ToArray()
        );
        FeatureMiningOptions options = Short with { ImageHeight = 99, ValidationFraction = 0.2 };

        TransformerChain<ImageClassificationTransformer> model = ml
            .Transforms.Conversion.MapValueToKey("Label")
            .Append(ml.MulticlassClassification.Trainers.FeatureMining(options))
            .Fit(rows);

        Assert.Equal(new ImageShape(3, 32, 32), model.LastTransformer.Model.Input);
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single, 3, 32, 32), model.LastTransformer.FeatureColumnType);
        Assert.Equal(30, model.Transform(rows).GetColumn<float[]>("Score").Count());
        Assert.Throws<ArgumentOutOfRangeException>(() => model.LastTransformer.Transform(trained.Loaded));
    }

    [Fact]
    public void LoadCifar_WithNames_ReturnsNamesAndImages()
    {
        string file = WriteCifar10(records: 3);
        string names = Path.Combine(_folder, "names.txt");
        File.WriteAllLines(names, Enumerable.Range(0, 10).Select(i => $"class {i}"));

        IDataView rows = new MLContext().Data.LoadCifar(CifarBinary.Cifar10, names, file, file);

        Assert.Equal(["class 0", "class 1", "class 2", "class 0", "class 1", "class 2"], rows.GetColumn<string>("Label"));
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Byte), rows.Schema["Image"].Type);
        Assert.Equal(File.ReadAllBytes(file).Skip(1).Take(3072), ImageCodec.Decode(rows.GetColumn<byte[]>("Image").First()).ToPlanar());
        Assert.Throws<FileNotFoundException>(() => new MLContext().Data.LoadCifar(CifarBinary.Cifar10, null, file + ".none"));
    }

    [Fact]
    public void LoadImageFolder_Folder_ReturnsPathsAndFolderNames()
    {
        IDataView rows = new MLContext().Data.LoadImageFolder(trained.Images.Root);

        Assert.Equal(["ImagePath", "Label"], rows.Schema.Select(column => column.Name));
        Assert.Equal(ColoredImages.Names.SelectMany(name => Enumerable.Repeat(name, ColoredImages.PerClass)), rows.GetColumn<string>("Label"));
        Assert.All(rows.GetColumn<string>("ImagePath"), path => Assert.True(File.Exists(path)));
    }

    [Fact]
    public void Fit_OnGray_HasOneChannel()
    {
        ImageClassificationModel model = new MLContext(1)
            .MulticlassClassification.Trainers.FeatureMining(Short with { Channels = 1 })
            .Fit(trained.Loaded)
            .Model;

        Assert.Equal(new ImageShape(1, 12, 12), model.Input);
    }

    [Fact]
    public void Bind_FlatFloats_TakesTheShapeFromTheOptionsOrThrows()
    {
        IDataView rows = new MLContext().Data.LoadFromEnumerable(Array.Empty<FlatRow>());
        ImagePreprocessing fitting = new() { Shape = new ImageShape(3, 2, 2) };

        Assert.Equal(fitting.Shape, ImageColumn.Bind(rows.Schema, "Image", fitting, 1).Shape);
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() =>
            ImageColumn.Bind(rows.Schema, "Image", new ImagePreprocessing { Shape = new ImageShape(1, 2, 2) }, 1)
        );
        Assert.StartsWith(
            "Schema mismatch for image column 'Image': expected 4 floats of a 1x2x2 image, got Vector<Single, 12>",
            error.Message,
            StringComparison.Ordinal
        );
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string WriteCifar10(int records)
    {
        Random random = new(2);
        byte[] content = new byte[records * 3073];
        random.NextBytes(content);
        for (int i = 0; i < records; i++)
        {
            content[i * 3073] = (byte)(i % 10);
        }

        string path = Path.Combine(_folder, "data.bin");
        File.WriteAllBytes(path, content);
        return path;
    }

    private sealed class PlanarRow
    {
        [VectorType(3, 32, 32)]
        public float[] Image { get; set; } = [];

        public int Label { get; set; }
    }

    private sealed class FlatRow
    {
        [VectorType(12)]
        public float[] Image { get; set; } = [];
    }
}
