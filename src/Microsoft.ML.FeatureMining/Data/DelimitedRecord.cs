namespace Microsoft.ML.FeatureMining.Data;

/// <summary>A record of a <see cref="DelimitedText"/>.</summary>
/// <param name="Line">The line that it begins on, from 1; a field in quotes may hold line breaks.</param>
/// <param name="Fields">At least one.</param>
internal readonly record struct DelimitedRecord(int Line, string[] Fields);
