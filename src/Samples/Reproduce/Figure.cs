namespace Samples.Reproduce;

/// <summary>A figure as a paper prints it.</summary>
/// <param name="Value">In the measure's unit.</param>
/// <param name="Std">Its standard deviation, where it is given.</param>
internal sealed record Figure(double Value, double? Std = null);
