namespace Microsoft.ML.FeatureMining.Artifacts;

/// <summary>What became of a file of weights.</summary>
/// <param name="Loaded">Names of tensors that the network took.</param>
/// <param name="Skipped">Names of tensors of the file that it has no use for: it has no such layer, or one of another shape.</param>
/// <param name="New">Names of tensors of the network that the file does not give, and which are left as they were.</param>
internal sealed record WeightReport(IReadOnlyList<string> Loaded, IReadOnlyList<string> Skipped, IReadOnlyList<string> New)
{
    /// <summary>In one line, the first few names of a kind each.</summary>
    public override string ToString() => $"{Loaded.Count} tensors loaded; {Skipped.Count} of the file skipped{Some(Skipped)}; {New.Count} of the network new{Some(New)}.";

    private static string Some(IReadOnlyList<string> names) => names.Count == 0 ? "" : $" ({string.Join(", ", names.Take(4))}{(names.Count > 4 ? ", ..." : "")})";
}
