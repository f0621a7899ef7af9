namespace Samples.Reproduce;

/// <summary>One row of a table.</summary>
/// <param name="Name">As the paper has it.</param>
/// <param name="Arguments">Of <c>train</c>, besides the recipe's.</param>
/// <param name="Published">The paper's figures in the order of the measures; null where it has none.</param>
internal sealed record Row(string Name, string Arguments, params Figure?[] Published)
{
    /// <summary>Its name with that of its group.</summary>
    public string FullName => Group is null ? Name : $"{Group}, {Name}";

    /// <summary>Rows that are compared with each other: a network, a rate of noise. Null where all are.</summary>
    public string? Group { get; init; }

    /// <summary>The row that this one is compared with; the first of its group where it is null.</summary>
    public string? Against { get; init; }

    /// <summary>Several models in one: so many are trained, and the mean of their scores is measured.</summary>
    public int Models { get; init; } = 1;
}
