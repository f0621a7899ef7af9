namespace Microsoft.ML.FeatureMining;

/// <summary>What a report on a model shows.</summary>
public sealed record ModelReportOptions
{
    /// <summary>Its title.</summary>
    /// <value>"Report:" and the name of the network.</value>
    public string? Title { get; init; }

    /// <summary>The label column of the rows once they went through the model: a key.</summary>
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
}
