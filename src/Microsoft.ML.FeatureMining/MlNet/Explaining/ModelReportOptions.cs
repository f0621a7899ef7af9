namespace Microsoft.ML.FeatureMining;

/// <summary>What a report on a model shows.</summary>
public sealed record ModelReportOptions
{
    /// <summary>Its title.</summary>
    /// <value>"Report:" and the name of the network.</value>
    public string? Title { get; init; }

    /// <summary>The label column of the rows once they went through the model: a key, or, of a model of several classes an image, a set of classes.</summary>
    /// <value>Label.</value>
    public string LabelColumnName { get; init; } = "Label";

    /// <summary>How many of the rows with the highest loss it shows.</summary>
    /// <value>24.</value>
    public int Worst { get; init; } = 24;

    /// <summary>Of how many rows it shows all maps; spread evenly over all.</summary>
    /// <value>8.</value>
    public int Pictures { get; init; } = 8;

    /// <summary>Over how many rows activations are gathered; spread evenly over all.</summary>
    /// <value>64, as in the paper.</value>
    public int Activations { get; init; } = 64;

    /// <summary>Other models by their names, whose activations on the same rows stand beside the model's own, stage by stage (Xie et al. 2021, arXiv version, figure 4).</summary>
    /// <value>None.</value>
    public IReadOnlyList<KeyValuePair<string, ITransformer>> Compared { get; init; } = [];

    /// <summary>What the model is called beside others.</summary>
    /// <value>"this model".</value>
    public string Name { get; init; } = "this model";
}
