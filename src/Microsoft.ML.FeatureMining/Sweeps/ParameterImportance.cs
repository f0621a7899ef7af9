namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>
/// How much a parameter matters by itself: the share of the variance of the trials' scores that a function of it alone explains, corrected for what chance explains (adjusted R squared). The
/// function is a parabola of its place for a number, a mean for each value of a choice.
/// </summary>
internal static class ParameterImportance
{
    /// <param name="parameter">The parameter.</param>
    /// <param name="trials">The value and the score of each.</param>
    /// <returns>In [0, 1]; null where the trials are too few to tell, or all of the same score.</returns>
    public static double? Of(SweepParameter parameter, IReadOnlyList<(object Value, double Score)> trials)
    {
        double mean = trials.Select(trial => trial.Score).DefaultIfEmpty().Average();
        double total = trials.Sum(trial => Square(trial.Score - mean));
        (double left, int terms) = parameter is ChoiceParameter choice ? OfMeans(choice, trials) : OfParabola(parameter, trials);
        int free = trials.Count - terms;
        return free < 1 || total <= 0 ? null : Math.Max(0, 1 - left / free / (total / (trials.Count - 1)));
    }

    // The sum of squares that is left, and how many numbers were fitted.
    private static (double, int) OfMeans(ChoiceParameter choice, IReadOnlyList<(object Value, double Score)> trials)
    {
        double[][] groups = [.. trials.GroupBy(trial => choice.IndexOf(trial.Value)).Select(group => group.Select(trial => trial.Score).ToArray())];
        return (groups.Sum(group => group.Sum(score => Square(score - group.Average()))), groups.Length);
    }

    // Least squares by Gram-Schmidt over 1, x and x^2; a power that adds nothing, because there are too few different places, is left out.
    private static (double, int) OfParabola(SweepParameter parameter, IReadOnlyList<(object Value, double Score)> trials)
    {
        const double Least = 1e-9;
        double[] places = [.. trials.Select(trial => parameter.PlaceOf(trial.Value))];
        double[] rest = [.. trials.Select(trial => trial.Score)];
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
                rest = Without(rest, column);
            }
        }

        return (Dot(rest, rest), basis.Count);
    }

    private static double[] Without(double[] values, double[] direction)
    {
        double factor = Dot(values, direction) / Dot(direction, direction);
        return [.. values.Zip(direction, (value, along) => value - factor * along)];
    }

    private static double Dot(double[] one, double[] other) => one.Zip(other, (a, b) => a * b).Sum();

    private static double Square(double value) => value * value;
}
