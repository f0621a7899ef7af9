using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Tests.Imaging;
using Microsoft.ML.FeatureMining.Tests.Models;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Transform, its cursors, and prediction engines.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class ScoringTests(TrainedModel trained)
{
    private const int Rows = ColoredImages.PerClass * 3;

    [Fact]
    public void Transform_ReadsAheadInBatches_KeepsAllColumnsInSync()
    {
        IDataView scored = trained.Model.Transform(trained.Rows);

        string[] paths = [.. scored.GetColumn<string>("ImagePath")];
        byte[][] bytes = [.. scored.GetColumn<byte[]>("Image")];

        Assert.Equal(trained.Rows.GetColumn<string>("ImagePath"), paths);
        Assert.Equal(Rows, bytes.Length);
        Assert.All(paths.Zip(bytes), pair => Assert.Equal(File.ReadAllBytes(pair.First), pair.Second));
        // The columns of one cursor must belong to the same row.
        using DataViewRowCursor cursor = scored.GetRowCursor(scored.Schema);
        ValueGetter<ReadOnlyMemory<char>> path = cursor.GetGetter<ReadOnlyMemory<char>>(scored.Schema["ImagePath"]);
        ValueGetter<VBuffer<byte>> image = cursor.GetGetter<VBuffer<byte>>(scored.Schema["Image"]);
        ValueGetter<VBuffer<float>> score = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
        ValueGetter<uint> label = cursor.GetGetter<uint>(scored.Schema["PredictedLabel"]);
        float[][] scores = trained.Scores(trained.Model);
        for (int i = 0; cursor.MoveNext(); i++)
        {
            (ReadOnlyMemory<char> p, VBuffer<byte> b, VBuffer<float> s, uint l) = (default, default, default, 0);
            path(ref p);
            image(ref b);
            score(ref s);
            label(ref l);
            Assert.Equal(i, cursor.Position);
            Assert.Equal(paths[i], p.ToString());
            Assert.Equal(bytes[i], b.DenseValues());
            Assert.Equal(scores[i], s.DenseValues());
            Assert.Equal(1f, s.DenseValues().Sum(), 1e-5f);
            Assert.Equal(scores[i].Max(), scores[i][l - 1]);
        }
    }

    // A model file may state any size, and networks of an ensemble may have inputs of other sizes.
    [Theory]
    [InlineData(8, 8)]
    [InlineData(8, 600)]
    [InlineData(600, 8)]
    public void Transform_BatchesOfAnySize_FitIntoMemory(int first, int second)
    {
        ScoringSettings settings = new() { BatchSize = int.MaxValue };
        MLContext ml = new(1);
        ITransformer[] models = [.. new[] { first, second }.Select(size => new ImageClassificationTransformer(ml, TinySavedModel.Make(size: size), settings))];
        IDataView rows = ml.Data.LoadFromEnumerable(Enumerable.Repeat(new EncodedImage { Image = Goldens.Picture("rgb.png") }, 3));

        float[][] scores = [.. ml.MulticlassClassification.Ensemble(models).Transform(rows).GetColumn<float[]>("Score")];

        Assert.Equal(3, scores.Length);
        Assert.All(scores, score => Assert.Equal(1f, score.Sum(), 1e-5f));
    }

    [Fact]
    public void Transform_SeveralCursorsAtOnce_AreIndependent()
    {
        IDataView scored = trained.Model.Transform(trained.Rows);
        float[][] expected = trained.Scores(trained.Model);
        DataViewSchema.Column column = scored.Schema["Score"];

        using DataViewRowCursor slow = scored.GetRowCursor([column]);
        using DataViewRowCursor fast = scored.GetRowCursor([column]);
        (ValueGetter<VBuffer<float>> slowScore, ValueGetter<VBuffer<float>> fastScore) = (
            slow.GetGetter<VBuffer<float>>(column),
            fast.GetGetter<VBuffer<float>>(column)
        );
        for (int i = 0; slow.MoveNext(); i++)
        {
            VBuffer<float> value = default;
            for (int step = 0; step < 2 && fast.MoveNext(); step++)
            {
                fastScore(ref value);
                Assert.Equal(expected[fast.Position], value.DenseValues());
            }
            slowScore(ref value);
            Assert.Equal(expected[i], value.DenseValues());
        }

        Parallel.For(0, 6, _ => Assert.Equal(expected, scored.GetColumn<float[]>("Score")));
    }

    [Fact]
    public void Transform_Shuffled_KeepsScoresWithTheirRows()
    {
        Dictionary<string, float[]> expected = trained
            .Rows.GetColumn<string>("ImagePath")
            .Zip(trained.Scores(trained.Model))
            .ToDictionary(pair => pair.First, pair => pair.Second);
        IDataView scored = trained.Context.Data.ShuffleRows(trained.Model.Transform(trained.Rows), seed: 3);

        string[] paths = [.. scored.GetColumn<string>("ImagePath")];

        Assert.NotEqual(expected.Keys, paths);
        Assert.Equal(expected.Keys.Order(), paths.Order());
        // Another order makes other batches, so sums have another order.
        foreach (PathAndScore row in trained.Context.Data.CreateEnumerable<PathAndScore>(scored, reuseRowObject: false))
        {
            Assert.All(expected[row.ImagePath].Zip(row.Score), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }
    }

    [Fact]
    public void Transform_EndlessSource_ReadsAtMostOneBatchAhead()
    {
        int read = 0;
        IDataView endless = trained.Context.Data.LoadFromEnumerable(Endless());

        float[][] scores = [.. trained.Transformer.Transform(endless).GetColumn<float[]>("Score").Take(20)];

        Assert.Equal(20, scores.Length);
        Assert.InRange(read, 20, 20 + (2 * Tiny.Options.ScoringBatchSize));

        IEnumerable<EncodedImage> Endless()
        {
            Random random = new(1);
            while (true)
            {
                read++;
                yield return new EncodedImage { Image = ColoredImages.Png(read % 3, random), Label = 1 };
            }
        }
    }

    [Fact]
    public void Transform_NoScoreColumnActive_ScoresNothing()
    {
        MLContext ml = new(1);
        using TransformerChain<ImageClassificationTransformer> model = Tiny.Pipeline(ml, Tiny.Options with { Epochs = 1 }).Fit(trained.Rows);
        IDataView scored = model.Transform(trained.Rows);
        model.LastTransformer.Dispose();

        Assert.Equal(Rows, scored.GetColumn<string>("ImagePath").Count());
        Assert.Throws<ObjectDisposedException>(() => scored.GetColumn<float[]>("Score").Count());
        Assert.Throws<ObjectDisposedException>(() => scored.GetColumn<uint>("PredictedLabel").Count());
    }

    [Fact]
    public void Cursor_Ids_EqualThoseOfTheInput()
    {
        IDataView scored = trained.Transformer.Transform(trained.Loaded);

        Assert.Equal(Ids(trained.Loaded), Ids(scored));

        static List<DataViewRowId> Ids(IDataView rows)
        {
            using DataViewRowCursor cursor = rows.GetRowCursor(rows.Schema);
            ValueGetter<DataViewRowId> getter = cursor.GetIdGetter();
            List<DataViewRowId> ids = [];
            while (cursor.MoveNext())
            {
                DataViewRowId id = default;
                getter(ref id);
                ids.Add(id);
            }
            return ids;
        }
    }

    [Fact]
    public void Cursor_InactiveColumnOrWrongType_Throws()
    {
        IDataView scored = trained.Transformer.Transform(trained.Loaded);
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"]]);

        Assert.True(cursor.IsColumnActive(scored.Schema["Score"]));
        Assert.False(cursor.IsColumnActive(scored.Schema["Image"]));
        Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<VBuffer<byte>>(scored.Schema["Image"]));
        Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<VBuffer<double>>(scored.Schema["Score"]));
    }

    [Fact]
    public void PredictionEngine_OnePerThread_ScoresLikeTransform()
    {
        float[][] expected = trained.Scores(trained.Model);
        byte[][] images = [.. trained.Loaded.GetColumn<byte[]>("Image")];

        Parallel.For(
            0,
            4,
            _ =>
            {
                PredictionEngine<EncodedImage, ImagePrediction> engine = new MLContext().Model.CreatePredictionEngine<EncodedImage, ImagePrediction>(
                    trained.Transformer
                );
                for (int i = 0; i < images.Length; i++)
                {
                    ImagePrediction prediction = engine.Predict(new EncodedImage { Image = images[i] });
                    Assert.All(expected[i].Zip(prediction.Score), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
                    Assert.Equal(prediction.Score.Max(), prediction.Score[prediction.PredictedLabel - 1]);
                }
            }
        );
    }

    [Fact]
    public void PredictionEngine_DisposedModel_Throws()
    {
        string path = Path.GetTempFileName();
        trained.Context.Model.Save(trained.Transformer, trained.Loaded.Schema, path);
        ImageClassificationTransformer model = (ImageClassificationTransformer)trained.Context.Model.Load(path, out _);
        File.Delete(path);
        PredictionEngine<EncodedImage, ImagePrediction> engine = trained.Context.Model.CreatePredictionEngine<EncodedImage, ImagePrediction>(model);
        EncodedImage image = new() { Image = ColoredImages.Png(0, new Random(1)) };
        Assert.Equal(3, engine.Predict(image).Score.Length);

        engine.Dispose();

        Assert.Throws<ObjectDisposedException>(() => engine.Predict(image));
    }

    [Fact]
    public void Transform_UnreadableImage_FailsOnlyItsRowAndNamesIt()
    {
        EncodedImage[] images = Images();
        IDataView scored = trained.Transformer.Transform(trained.Context.Data.LoadFromEnumerable(images));
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"]]);
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
        VBuffer<float> score = default;

        Assert.True(cursor.MoveNext());
        getter(ref score);
        Assert.True(cursor.MoveNext());
        ImageDecodeException error = Assert.Throws<ImageDecodeException>(() => getter(ref score));
        Assert.StartsWith("The image of column 'Image', row 1, file 'broken.jpg', cannot be read: ", error.Message, StringComparison.Ordinal);
        Assert.True(cursor.MoveNext());
        getter(ref score);
        Assert.Equal(1f, score.DenseValues().Sum(), 1e-5f);
    }

    [Fact]
    public void Transform_UnreadableImageWithSkip_HasNaNScoresAndNoLabel()
    {
        MLContext ml = new(1);
        TransformerChain<ImageClassificationTransformer> model = Tiny.Pipeline(
                ml,
                Tiny.Options with
                {
                    Epochs = 1,
                    OnUnreadableImage = UnreadableImageBehavior.Skip,
                }
            )
            .Fit(trained.Rows);

        IDataView scored = model.LastTransformer.Transform(ml.Data.LoadFromEnumerable(Images()));

        uint[] labels = [.. scored.GetColumn<uint>("PredictedLabel")];
        float[][] scores = [.. scored.GetColumn<float[]>("Score")];
        Assert.True(labels[0] > 0 && labels[2] > 0);
        Assert.Equal(0u, labels[1]);
        Assert.All(scores[1], value => Assert.True(float.IsNaN(value)));
        Assert.All(scores[2], value => Assert.True(float.IsFinite(value)));
    }

    private static EncodedImage[] Images() =>
        [
            new() { Image = ColoredImages.Png(0, new Random(1)), ImagePath = "good.png" },
            new() { Image = [0xFF, 0xD8, 0xFF, 0xE0, 0, 16], ImagePath = "broken.jpg" },
            new() { Image = ColoredImages.Png(1, new Random(2)), ImagePath = "better.png" },
        ];

    private sealed class PathAndScore
    {
        public string ImagePath { get; set; } = "";

        public float[] Score { get; set; } = [];
    }
}
