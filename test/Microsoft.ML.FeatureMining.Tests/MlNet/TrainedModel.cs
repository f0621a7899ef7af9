using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>A model trained once on the colored images, for all tests that only need a model.</summary>
public sealed class TrainedModel : IDisposable
{
    public TrainedModel()
    {
        Images = new ColoredImages();
        Context = new MLContext(1);
        Rows = Images.Rows(Context);
        Model = Tiny.Pipeline(Context).Fit(Rows);
        Loaded = Model.Take(2).Aggregate(Rows, (rows, part) => part.Transform(rows));
    }

    public ColoredImages Images { get; }

    public MLContext Context { get; }

    /// <summary>Rows with the columns ImagePath and Label, as text.</summary>
    public IDataView Rows { get; }

    /// <summary>The input of the transformer: rows with a key label and encoded images.</summary>
    public IDataView Loaded { get; }

    public TransformerChain<ImageClassificationTransformer> Model { get; }

    public ImageClassificationTransformer Transformer => Model.LastTransformer;

    /// <summary>The scores of all rows.</summary>
    public float[][] Scores(ITransformer model) => [.. model.Transform(Rows).GetColumn<float[]>("Score")];

    public void Dispose()
    {
        Transformer.Dispose();
        Images.Dispose();
    }
}
