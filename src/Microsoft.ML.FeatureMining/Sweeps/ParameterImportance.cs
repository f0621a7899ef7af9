namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>
/// How much a parameter matters on its own: the fraction of the variance of the scores that a function of this parameter alone explains (adjusted R squared).
/// The function is a parabola of the position for a number, and a mean per value for a choice.
/// </summary>
internal static class ParameterImportance
{
    /// <summary>With fewer trials the importance of settings says little.</summary>
    public const int MinTrials = 15;

    /// <param name="parameter">The parameter.</param>
    /// <param name="trials">The value and the score of each trial.</param>
    /// <returns>In [0, 1]; null if there are too few trials or all scores are equal.</returns>
    public static double? Of(SweepParameter parameter, IReadOnlyList<(object Value, double Score)> trials)
    {
        double mean = trials.Select(trial => trial.Score).DefaultIfEmpty().Average();
        double total = trials.Sum(trial => Square(trial.Score - mean));
        (double residual, int terms) = parameter is ChoiceParameter choice ? OfMeans(choice, trials) : OfParabola(parameter, trials);
        int degreesOfFreedom = trials.Count - terms;
        return degreesOfFreedom < 1 || total <= 0 ? null : Math.Max(0, 1 - residual / degreesOfFreedom / (total / (trials.Count - 1)));
    }

    // Both fits return the residual sum of squares and the number of fitted coefficients.
    private static (double, int) OfMeans(ChoiceParameter choice, IReadOnlyList<(object Value, double Score)> trials)
    {
        double[][] groups = [.. trials.GroupBy(trial => choice.IndexOf(trial.Value)).Select(group => group.Select(trial => trial.Score).ToArray())];
        return (groups.Sum(group => group.Sum(score => Square(score - group.Average()))), groups.Length);
    }

    // Least squares by Gram-Schmidt over 1, x and x^2. A power that is linearly dependent, because there are too few different positions, is skipped.
    private static (double, int) OfParabola(SweepParameter parameter, IReadOnlyList<(object Value, double Score)> trials)
    {
        const double Least = 1e-9;
        double[] places = [.. trials.Select(trial => parameter.PositionOf(trial.Value))];
        double[] residuals = [.. trials.Select(trial => trial.Score)];
        List<double[]> basis = [];
        for (int power = 0; power <= 2; power++)
        {
            double[] column = [.. places.Select(place => Math.Pow(place, power))];
            foreach (double[] done in basis)
            {
                column = Without(column, done);
            }

            if (Dot(column, column) > Least * trials.Count)
            {
                basis.Add(column);
                residuals = Without(residuals, column);
            }
        }

        return (Dot(residuals, residuals), basis.Count);
    }

    private static double[] Without(double[] values, double[] direction)
    {
        double factor = Dot(values, direction) / Dot(direction, direction);
        return [.. values.Zip(direction, (value, along) => value - factor * along)];
    }

    private static double Dot(double[] one, double[] other) => one.Zip(other, (a, b) => a * b).Sum();

    private static double Square(double value) => value * value;
}
