namespace Samples;

/// <summary>What a model has been found to be worth.</summary>
/// <param name="Headline">The number that a script may ask for, in [0, 1]: micro accuracy; where images may have any number of classes, micro F1.</param>
/// <param name="Details">All of it, for a report.</param>
internal sealed record Measured(double Headline, object Details);
