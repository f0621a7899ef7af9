namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>
/// Temperature scaling (Guo et al. 2017, section 4.2): the one number T > 0 that minimizes the mean cross entropy of softmax(logits / T) on labeled rows; for
/// multi-label models, of sigmoid(logits / T). If a score is the mean of several such probabilities (views of an image, networks of an ensemble), all have the
/// same T, and the cross entropy is that of the mean. Computed in double precision.
/// </summary>
internal sealed class TemperatureScaling
{
    /// <summary>The range of T. An optimum outside it says that the rows cannot tell the temperature.</summary>
    public const double Min = 0.01,
        Max = 100;

    // Steps of the search for the lowest minimum, per factor of 10, and halvings of the interval around it: T is exact to 1e-10.
    private const int StepsPerDecade = 10;
    private const int Halvings = 32;

    private readonly int _classes;
    private readonly double[] _logShares;
    private readonly IReadOnlyList<float[]>? _sets;
    private readonly List<(float[] Logits, int Label)> _rows = [];

    /// <param name="classes">The number of classes K.</param>
    /// <param name="shares">The weights of the J probabilities that a score is the mean of; they sum to 1.</param>
    /// <param name="sets">For a multi-label model, the set of classes of each label, [K] of 0 and 1; else null.</param>
    public TemperatureScaling(int classes, IReadOnlyList<double> shares, IReadOnlyList<float[]>? sets = null) =>
        (_classes, _logShares, _sets) = (classes, [.. shares.Select(share => Math.Log(share))], sets);

    /// <summary>The number of rows.</summary>
    public int Rows => _rows.Count;

    /// <param name="logits">[J,K].</param>
    /// <param name="label">The class, or the number of the set of classes, from 0.</param>
    public void Add(float[] logits, int label) => _rows.Add((logits, label));

    /// <summary>The cross entropy per row, or for a multi-label model per row and class, at a temperature.</summary>
    public double CrossEntropy(double temperature) => At(1 / temperature).Loss;

    /// <summary>Finds the temperature of the lowest cross entropy, which is at most that of T = 1.</summary>
    /// <exception cref="InvalidOperationException">There is none between <see cref="Min"/> and <see cref="Max"/>; the message says why.</exception>
    public double Fit()
    {
        // The cross entropy of one probability is convex in 1 / T; that of a mean may have several minima.
        int steps = (int)Math.Round(StepsPerDecade * Math.Log10(Max / Min));
        double[] grid = [.. Enumerable.Range(0, steps + 1).Select(step => Min * Math.Pow(10, (double)step / StepsPerDecade))];
        double[] losses = [.. grid.Select(CrossEntropy)];
        int best = Array.IndexOf(losses, losses.Min());
        if (best == 0)
        {
            throw new InvalidOperationException(
                FormattableString.Invariant($"No temperature fits: of the {Rows} rows, (nearly) all are classified correctly. ")
                    + "Calibrate with more images, or harder ones, that the model was not trained on."
            );
        }

        if (best == grid.Length - 1)
        {
            throw new InvalidOperationException(
                FormattableString.Invariant($"No temperature fits: the scores of the {Rows} rows say nothing about their labels. Check the labels.")
            );
        }

        // Between its neighbors, the slope changes its sign.
        (double low, double high) = (Math.Log(grid[best - 1]), Math.Log(grid[best + 1]));
        for (int i = 0; i < Halvings; i++)
        {
            double middle = (low + high) / 2;
            if (At(Math.Exp(-middle)).Slope > 0)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        double found = Math.Exp((low + high) / 2);
        return CrossEntropy(found) <= losses[best] ? found : grid[best];
    }

    // The mean loss, and its derivative with respect to b = 1 / T.
    private (double Loss, double Slope) At(double b)
    {
        var logarithms = new double[_logShares.Length];
        var slopes = new double[_logShares.Length];
        (double loss, double slope) = (0, 0);
        foreach ((float[] logits, int label) in _rows)
        {
            if (_sets is null)
            {
                Add(j => OfClass(logits.AsSpan(j * _classes, _classes), label, b));
                continue;
            }

            for (int k = 0; k < _classes; k++)
            {
                int sign = _sets[label][k] > 0 ? 1 : -1;
                Add(j => OfSign(sign * (double)logits[(j * _classes) + k], b));
            }
        }

        int terms = _rows.Count * (_sets is null ? 1 : _classes);
        return (loss / terms, slope / terms);

        // -log of the mean probability p; its derivative is the mean of those of log p_j, weighted by the parts of p.
        void Add(Func<int, (double Logarithm, double Slope)> of)
        {
            for (int j = 0; j < logarithms.Length; j++)
            {
                (double logarithm, slopes[j]) = of(j);
                logarithms[j] = logarithm + _logShares[j];
            }

            double largest = logarithms.Max();
            double sum = logarithms.Sum(value => Math.Exp(value - largest));
            loss -= largest + Math.Log(sum);
            for (int j = 0; j < logarithms.Length; j++)
            {
                slope -= Math.Exp(logarithms[j] - largest) / sum * slopes[j];
            }
        }
    }

    // log softmax(b z)_y, and its derivative z_y - E[z].
    private static (double, double) OfClass(ReadOnlySpan<float> z, int y, double b)
    {
        double largest = double.NegativeInfinity;
        foreach (float value in z)
        {
            largest = Math.Max(largest, value);
        }

        (double sum, double weighted) = (0, 0);
        foreach (float value in z)
        {
            double part = Math.Exp(b * (value - largest));
            (sum, weighted) = (sum + part, weighted + (part * (value - largest)));
        }

        return ((b * (z[y] - largest)) - Math.Log(sum), z[y] - largest - (weighted / sum));
    }

    // log sigmoid(b u), and its derivative.
    private static (double, double) OfSign(double u, double b)
    {
        double small = Math.Exp(-b * Math.Abs(u));
        double logarithm = Math.Min(b * u, 0) - Math.Log(1 + small);
        return (logarithm, u * (u > 0 ? small : 1) / (1 + small));
    }
}
