namespace Samples.Reproduce;

/// <summary>A row with what was measured.</summary>
/// <param name="Row">The row.</param>
/// <param name="Command">The command of its first run.</param>
/// <param name="Samples">One for each measure, without values where nothing was measured.</param>
internal sealed record ResultRow(Row Row, string Command, IReadOnlyList<Sample> Samples);
