using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Detection;
using Microsoft.ML.FeatureMining.Detection.Evaluation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>A detector in ML.NET: what it finds, its columns, its files, prediction engines.</summary>
[Collection(TrainedDetectorCollection.Name)]
public sealed class RetinaNetTransformerTests(TrainedDetector trained) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Fit_Rectangles_FindsThem()
    {
        DetectionMetrics metrics = trained.Context.ObjectDetection().Evaluate(trained.Model.Transform(trained.Rows));

        Assert.True(metrics.MeanAveragePrecision > 0.9, metrics.ToString());
        Assert.True(metrics.MeanAveragePrecision2007 > 0.9, metrics.ToString());
        Assert.Equal(Rectangles.Names, metrics.PerClass.Select(one => one.Class));
        Assert.Equal(trained.Images.Rows.Sum(row => row.Label.Length), metrics.Objects);
        Assert.Equal(trained.Images.Rows.Length, metrics.Images);
    }

    [Fact]
    public void Transform_BestObject_HasTheColorAndTheBoxInPixelsOfTheImage()
    {
        RectangleRow row = trained.Images.Rows[0];

        Found found = Read(trained.Model.Transform(trained.Rows)).First();

        Assert.Equal(row.Label[0], Rectangles.Names[found.PredictedLabel[0] - 1]);
        (float[] expected, float[] box) = (row.BoundingBoxes, found.PredictedBoundingBoxes);
        Box labeled = new(expected[0], expected[1], expected[2], expected[3]);
        Assert.InRange(labeled.IntersectionOverUnion(new Box(box[0], box[1], box[2], box[3])), 0.6f, 1);
        Assert.All(found.Score, score => Assert.InRange(score, 0.05f, 1));
        Assert.Equal(found.Score.OrderDescending(), found.Score);
    }

    [Fact]
    public void Transform_Columns_AreThoseOfMicrosoftMLTorchSharp()
    {
        DataViewSchema schema = trained.Model.Transform(trained.Rows).Schema;

        Assert.Equal(["PredictedLabel", "PredictedBoundingBoxes", "Score"], schema.Select(column => column.Name).TakeLast(3));
        VectorDataViewType labels = Assert.IsType<VectorDataViewType>(schema["PredictedLabel"].Type);
        Assert.Equal((0, 3ul), (labels.Size, ((KeyDataViewType)labels.ItemType).Count));
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single), schema["PredictedBoundingBoxes"].Type);
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single), schema["Score"].Type);
        Assert.Equal(schema.ToString(), trained.Model.GetOutputSchema(trained.Rows.Schema).ToString());
    }

    [Fact]
    public void WithUnreadableImagesAndMaxPixels_ChangeThePolicyOfTheSameNetwork()
    {
        ModelOperationsCatalog models = trained.Context.Model;
        RectangleRow[] two = [trained.Images.Rows[0], trained.Images.Rows[0] with { ImagePath = _folder.Write("broken.png", "no image") }];
        IDataView rows = trained.Context.Data.LoadFromEnumerable(two);
        ITransformer skipping = models.WithUnreadableImages(trained.Model, UnreadableImageBehavior.Skip);

        Assert.ThrowsAny<Exception>(() => Read(trained.Model.Transform(rows)).Count());
        Assert.Equal([false, true], Read(skipping.Transform(rows)).Select(found => found.Score.Length == 0));
        ITransformer throwing = models.WithUnreadableImages(skipping, UnreadableImageBehavior.Throw);
        Assert.ThrowsAny<Exception>(() => Read(throwing.Transform(rows)).Count());
        ITransformer small = models.WithMaxPixels(skipping, (Rectangles.Width * Rectangles.Height) - 1);
        Assert.All(Read(small.Transform(rows)), found => Assert.Empty(found.Score));
    }

    [Fact]
    public void MapKeyToValue_PredictedLabel_GivesTheNames()
    {
        IDataView scored = trained.Model.Transform(trained.Rows);

        IDataView named = trained.Context.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(scored).Transform(scored);

        Assert.Equal(trained.Images.Rows[0].Label[0], named.GetColumn<string[]>("PredictedLabel").First()[0]);
        Assert.Equal(
            trained.Context.ObjectDetection().Evaluate(scored).MeanAveragePrecision,
            trained.Context.ObjectDetection().Evaluate(named).MeanAveragePrecision
        );
    }

    [Fact]
    public void Load_FreshProcessThatRegistersNothing_GivesTheSameObjects()
    {
        trained.Context.Model.Save(trained.Model, trained.Rows.Schema, _folder["detector.zip"]);

        string[] lines = Programs.Run(
            "FreshDetector",
            [_folder["detector.zip"], .. trained.Images.Rows.Take(3).Select(row => row.ImagePath)],
            ("OMP_NUM_THREADS", "1")
        );

        Assert.Equal(Texts(trained.Model.Transform(trained.Rows)).Take(3), lines);
    }

    [Fact]
    public void Load_ChangedWeight_IsRejected()
    {
        trained.Context.Model.Save(trained.Model, trained.Rows.Schema, _folder["detector.zip"]);
        using (System.IO.Compression.ZipArchive zip = System.IO.Compression.ZipFile.Open(_folder["detector.zip"], System.IO.Compression.ZipArchiveMode.Update))
        {
            System.IO.Compression.ZipArchiveEntry entry = zip.Entries.Single(entry => entry.Name == "weights.safetensors");
            using Stream stream = entry.Open();
            stream.Seek(-1, SeekOrigin.End);
            int last = stream.ReadByte();
            stream.Seek(-1, SeekOrigin.End);
            stream.WriteByte((byte)(last ^ 1));
        }

        Exception error = Assert.ThrowsAny<Exception>(() => new MLContext().Model.Load(_folder["detector.zip"], out _));

        Assert.Contains("checksum", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void PredictionEngine_GivesTheSameObjects()
    {
        using PredictionEngine<RectangleRow, Found> engine = trained.Context.Model.CreatePredictionEngine<RectangleRow, Found>(
            trained.Model,
            new PredictionEngineOptions { OwnsTransformer = false }
        );

        Found found = engine.Predict(trained.Images.Rows[1]);

        Found expected = Read(trained.Model.Transform(trained.Rows)).ElementAt(1);
        Assert.Equal(expected.PredictedLabel, found.PredictedLabel);
        Assert.All(expected.Score.Zip(found.Score), score => Assert.Equal(score.First, score.Second, 1e-4));
    }

    [Fact]
    public void Transform_BytesAndMLImage_GiveTheSameObjectsAsPaths()
    {
        IDataView paths = trained.Context.Data.TakeRows(trained.Rows, 3);
        IEstimator<ITransformer> bytes = trained.Context.Transforms.LoadRawImageBytes("Image", null, "ImagePath");
        IEstimator<ITransformer> images = trained.Context.Transforms.LoadImages("Image", null, "ImagePath");
        string[] expected = Texts(trained.Model.Transform(paths));

        foreach (IEstimator<ITransformer> load in new[] { bytes, images })
        {
            IDataView loaded = trained
                .Context.Transforms.DropColumns("ImagePath")
                .Fit(load.Fit(paths).Transform(paths))
                .Transform(load.Fit(paths).Transform(paths));
            Assert.Equal(expected, Texts(trained.Model.Transform(loaded)));
        }
    }

    [Fact]
    public void Transform_UnreadableImage_ThrowsForItsRowAlone()
    {
        RectangleRow[] rows = [trained.Images.Rows[0], new() { ImagePath = _folder.Write("broken.png", "no image") }];
        IDataView scored = trained.Model.Transform(trained.Context.Data.LoadFromEnumerable(rows));
        using DataViewRowCursor cursor = scored.GetRowCursor(scored.Schema);
        ValueGetter<VBuffer<float>> score = cursor.GetGetter<VBuffer<float>>(cursor.Schema["Score"]);
        VBuffer<float> value = default;

        Assert.True(cursor.MoveNext());
        score(ref value);
        Assert.True(value.Length > 0);
        Assert.True(cursor.MoveNext());
        Assert.Contains("broken.png", Assert.Throws<ImageDecodeException>(() => score(ref value)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Transform_MissingImageColumn_IsRejected()
    {
        IDataView none = trained.Context.Transforms.SelectColumns("Label").Fit(trained.Rows).Transform(trained.Rows);

        Assert.Contains(
            "Could not find image column 'ImagePath'",
            Assert.Throws<ArgumentOutOfRangeException>(() => trained.Model.Transform(none)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Transform_AfterDispose_SaysSo()
    {
        using RetinaNetTransformer model = TinyDetector.Fit(trained.Context.Data.TakeRows(trained.Rows, 4), options => options with { Epochs = 1 });
        IDataView scored = model.Transform(trained.Rows);

        model.Dispose();

        Assert.Throws<ObjectDisposedException>(() => scored.GetColumn<float[]>("Score").First());
    }

    public void Dispose() => _folder.Dispose();

    private static IEnumerable<Found> Read(IDataView scored) => new MLContext().Data.CreateEnumerable<Found>(scored, reuseRowObject: false);

    private static string[] Texts(IDataView scored) => [.. Read(scored).Select(found => found.ToString())];

    internal sealed class Found
    {
        public uint[] PredictedLabel { get; set; } = [];

        public float[] PredictedBoundingBoxes { get; set; } = [];

        public float[] Score { get; set; } = [];

        public override string ToString() =>
            string.Join(
                ' ',
                PredictedLabel
                    .Select(label => (double)label)
                    .Concat(PredictedBoundingBoxes.Concat(Score).Select(value => (double)value))
                    .Select(value => value.ToString("R", System.Globalization.CultureInfo.InvariantCulture))
            );
    }
}
