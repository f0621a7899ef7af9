using Microsoft.ML;
using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

public sealed class ChainTests
{
    private readonly MLContext _ml = new(1);

    [Fact]
    public void Fit_Chain_TransformsStepByStep()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Point.Clouds(30));
        TransformerChain<CentroidTransformer> model = _ml.Transforms.Conversion.MapValueToKey("Label").Append(new CentroidTrainer()).Fit(data);

        Assert.Equal(2, model.Count());
        Assert.Equal(3, model.LastTransformer.Model.Length);
        Assert.Equal(["Label", "Label", "Features", "PredictedLabel", "Score"], model.GetOutputSchema(data.Schema).Select(c => c.Name));
        Assert.Equal(model.Transform(data).GetColumn<uint>("Label"), model.Transform(data).GetColumn<uint>("PredictedLabel"));
        Assert.True(((ITransformer)model).IsRowToRowMapper);
    }

    [Fact]
    public void Fit_ImpossibleChain_ThrowsBeforeAnythingIsFitted()
    {
        var trainer = new CentroidTrainer("Nope");
        IDataView data = _ml.Data.LoadFromEnumerable(Point.Clouds(3));

        Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.CopyColumns("A", "Label").Append(trainer).Fit(data));
        Assert.Equal(0, trainer.Fits);
    }

    [Fact]
    public void WithOnFitDelegate_ShowsEachFittedTransformer()
    {
        var seen = new List<CentroidTransformer>();
        IDataView data = _ml.Data.LoadFromEnumerable(Point.Clouds(3));
        EstimatorChain<CentroidTransformer> pipeline = _ml.Transforms.Conversion.MapValueToKey("Label").Append(new CentroidTrainer().WithOnFitDelegate(seen.Add));

        TransformerChain<CentroidTransformer> first = pipeline.Fit(data);
        pipeline.Fit(data);

        Assert.Equal(2, seen.Count);
        Assert.Same(first.LastTransformer, seen[0]);
        Assert.NotSame(seen[0], seen[1]);
    }

    [Fact]
    public void Append_ScopeTraining_IsLeftOutOfScoring()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(2));
        var model = _ml.Transforms.CopyColumns("A", "Number").Append(_ml.Transforms.CopyColumns("B", "A"), TransformerScope.TrainTest).Fit(data);

        Assert.Null(model.Transform(data).Schema.GetColumnOrNull("B"));
        Assert.NotNull(model.Transform(data, TransformerScope.Everything).Schema.GetColumnOrNull("B"));
        Assert.Single(model.GetModelFor(TransformerScope.Scoring));
    }

    [Fact]
    public void AppendCacheCheckpoint_ReadsTheSourceOnceForWhatFollows()
    {
        var source = new CountingDataView(_ml.Data.LoadFromEnumerable(Numbered.Rows(10)));
        int readings = source.Cursors;
        var pipeline = _ml.Transforms.CopyColumns("A", "Number").AppendCacheCheckpoint(_ml)
            .Append(_ml.Transforms.Conversion.MapValueToKey("K1", "A"))
            .Append(_ml.Transforms.Conversion.MapValueToKey("K2", "A"));
        pipeline.Fit(source);
        Assert.Equal(1, source.Cursors - readings);

        var plain = new CountingDataView(_ml.Data.LoadFromEnumerable(Numbered.Rows(10)));
        _ml.Transforms.CopyColumns("A", "Number")
            .Append(_ml.Transforms.Conversion.MapValueToKey("K1", "A"))
            .Append(_ml.Transforms.Conversion.MapValueToKey("K2", "A")).Fit(plain);
        Assert.Equal(2, plain.Cursors);
    }

    [Fact]
    public void AppendCacheCheckpoint_OnNothing_Throws()
        => Assert.Throws<InvalidOperationException>(() => new EstimatorChain<ITransformer>().AppendCacheCheckpoint(_ml));

    [Fact]
    public void TransformerChain_OfTransformers_DisposesThem()
    {
        var transformer = new CentroidTransformer("Features", [[0, 0], [1, 1]], ["x", "y"]);
        var chain = new TransformerChain<ITransformer>(transformer);

        Assert.Same(transformer, chain.LastTransformer);
        Assert.Same(transformer, chain.Append(transformer).First());
        chain.Dispose();
        Assert.True(transformer.Disposed);
        Assert.Throws<InvalidOperationException>(() => new TransformerChain<CentroidTransformer>(chain));
    }
}
