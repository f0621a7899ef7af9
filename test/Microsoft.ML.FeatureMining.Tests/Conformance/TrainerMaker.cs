using System.Text.Json;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Tests.MlNet;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Creates one trainer of the catalogs, for tiny images.</summary>
internal abstract class TrainerMaker
{
    /// <summary>The keys of its built-in strategies.</summary>
    public IReadOnlyList<string> Strategies { get; init; } = [];

    /// <summary>The types of the label column that an error names first.</summary>
    public string LabelTypes { get; init; } = "";

    /// <summary>The number of scores of an image.</summary>
    public int ScoreCount { get; init; } = ColoredImages.Names.Length;

    public abstract IEstimator<ITransformer> Make(TrainedModel trained, MLContext ml, Func<ImageTrainerOptions, ImageTrainerOptions>? change = null);

    /// <summary>Rows with the columns Label and Image.</summary>
    public abstract IDataView Rows(TrainedModel trained);

    /// <summary>What the model says about each row, as numbers.</summary>
    public abstract float[][] Predictions(ITransformer model, IDataView rows);

    public abstract TrainedParts Parts(ITransformer model);
}

/// <summary>What all trained models have.</summary>
/// <param name="Weights">The weights.</param>
/// <param name="History">The metrics of all epochs.</param>
/// <param name="Recipe">The recipe.</param>
/// <param name="Details">Properties that a saved model keeps.</param>
internal sealed record TrainedParts(NamedTensors Weights, IEnumerable<EpochMetrics> History, JsonElement Recipe, object Details);
