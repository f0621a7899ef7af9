using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>A model of the colored pictures, trained once for all tests that only use one.</summary>
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

    /// <summary>ImagePath and Label, as text.</summary>
    public IDataView Rows { get; }

    /// <summary>The rows with a key for a label and the pictures' bytes: what the transformer takes.</summary>
    public IDataView Loaded { get; }

    public TransformerChain<ImageClassificationTransformer> Model { get; }

    public ImageClassificationTransformer Transformer => Model.LastTransformer;

    /// <summary>All scores, row after row.</summary>
    public float[][] Scores(ITransformer model) => [.. model.Transform(Rows).GetColumn<float[]>("Score")];

    public void Dispose()
    {
        Transformer.Dispose();
        Images.Dispose();
    }
}
