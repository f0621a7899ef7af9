using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>
/// Linear classification of fixed features: multinomial logistic regression, or one logistic regression per class for multi-label, with an L2 penalty.
/// Minimizes 1/N sum_n s_n loss(x_n W + b, y_n) + penalty / 2 |W|^2 by L-BFGS (Nocedal and Wright 2006, algorithm 7.5).
/// </summary>
/// <param name="features">[N,E], float32.</param>
/// <param name="targets">[N,K]: distributions, or sets of classes as 0 and 1.</param>
/// <param name="areSets">Whether targets are sets of classes.</param>
/// <param name="importance">The weight s_n of each image, [N,1]; null for 1.</param>
internal sealed class LogisticRegression(Tensor features, Tensor targets, bool areSets, Tensor? importance = null)
{
    private const int History = 10;
    private const int MaxIterations = 300;
    private const int MaxHalvings = 20;

    // The sufficient decrease condition (Nocedal and Wright, equation 3.4).
    private const double Decrease = 1e-4;

    // Single precision cannot resolve smaller relative changes.
    private const double Tolerance = 1e-7;

    /// <summary>The weights [E+1,K] before training: zeros. The last row is the bias.</summary>
    public Tensor Zeros() => zeros([features.shape[1] + 1, targets.shape[1]], ScalarType.Float32, features.device);

    /// <summary>The mean loss without the penalty.</summary>
    public Tensor Loss(Tensor weights) => LossOf(Logits(weights));

    /// <summary>The logits [N,K] for weights [E+1,K].</summary>
    public Tensor Logits(Tensor weights) => addmm(weights[-1], features, weights[..^1], 1, 1);

    /// <summary>The weights [E+1,K] at the minimum.</summary>
    /// <param name="penalty">Above 0.</param>
    /// <param name="start">Where to start, [E+1,K]; not changed.</param>
    public Tensor Fit(double penalty, Tensor start)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        List<(Tensor Step, Tensor Change, double Curvature)> pairs = [];
        Tensor weights = start;
        (double value, Tensor gradient) = Evaluate(weights, penalty);
        for (int iteration = 0; iteration < MaxIterations; iteration++)
        {
            using DisposeScope inner = NewDisposeScope();
            Tensor direction = Direction(gradient, pairs);
            double slope = Dot(direction, gradient);
            if (-slope < Tolerance * Tolerance * Math.Max(value, 1e-3))
            {
                break;
            }

            double length = iteration == 0 ? 1 / Math.Max(1, Math.Sqrt(-slope)) : 1;
            (Tensor Weights, double Value, Tensor Gradient)? next = Search(weights, value, direction, slope, length, penalty);
            if (next is not { } found)
            {
                break;
            }

            Tensor step = found.Weights.sub(weights),
                change = found.Gradient.sub(gradient);
            double before = value;
            gradient.Dispose();
            if (!ReferenceEquals(weights, start))
            {
                weights.Dispose();
            }

            (weights, value, gradient) = (found.Weights.MoveToOuterDisposeScope(), found.Value, found.Gradient.MoveToOuterDisposeScope());
            // Only pairs with positive curvature keep the approximation positive definite.
            if (Dot(step, change) is > 0 and var curvature)
            {
                pairs.Add((step.MoveToOuterDisposeScope(), change.MoveToOuterDisposeScope(), curvature));
                if (pairs.Count > History)
                {
                    pairs[0].Step.Dispose();
                    pairs[0].Change.Dispose();
                    pairs.RemoveAt(0);
                }
            }

            if (before - value < Tolerance * Math.Max(value, 1e-3))
            {
                break;
            }
        }

        return (ReferenceEquals(weights, start) ? start.clone() : weights).MoveToOuterDisposeScope();
    }

    // Halves the step until the objective has decreased enough; null if it cannot.
    private (Tensor Weights, double Value, Tensor Gradient)? Search(Tensor weights, double value, Tensor direction, double slope, double length, double penalty)
    {
        for (int halving = 0; halving < MaxHalvings; halving++, length /= 2)
        {
            Tensor moved = weights.Add(direction, length);
            (double reached, Tensor gradient) = Evaluate(moved, penalty);
            if (reached <= value + (Decrease * length * slope))
            {
                return (moved, reached, gradient);
            }
        }

        return null;
    }

    // The product of the approximate inverse Hessian and the negative gradient: the two-loop recursion (algorithm 7.4). The factors stay on the device.
    private static Tensor Direction(Tensor gradient, List<(Tensor Step, Tensor Change, double Curvature)> pairs)
    {
        Tensor direction = gradient.neg();
        Tensor[] factors = new Tensor[pairs.Count];
        for (int i = pairs.Count - 1; i >= 0; i--)
        {
            factors[i] = Product(pairs[i].Step, direction).Div(pairs[i].Curvature);
            direction = direction.sub(pairs[i].Change.mul(factors[i]));
        }

        if (pairs.Count > 0)
        {
            direction = direction.mul(Product(pairs[^1].Change, pairs[^1].Change).reciprocal().Mul(pairs[^1].Curvature));
        }

        for (int i = 0; i < pairs.Count; i++)
        {
            Tensor factor = factors[i].sub(Product(pairs[i].Change, direction).Div(pairs[i].Curvature));
            direction = direction.Add(pairs[i].Step.mul(factor));
        }

        return direction;
    }

    private (double Value, Tensor Gradient) Evaluate(Tensor weights, double penalty)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = Logits(weights);
        Tensor error = Weighted((areSets ? logits.sigmoid() : logits.softmax(1)).sub(targets)).Div(features.shape[0]); // [N,K]
        Tensor inner = weights[..^1];
        Tensor gradient = cat([features.t().mm(error).Add(inner, penalty), error.sum(0, keepdim: true)]); // [E+1,K]
        double value = LossOf(logits).cpu().item<float>() + (penalty / 2 * Dot(inner, inner));
        return (value, gradient.MoveToOuterDisposeScope());
    }

    private Tensor LossOf(Tensor logits) =>
        areSets
            ? Weighted(nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction: nn.Reduction.None)).sum().Div(features.shape[0])
            : Weighted(logits.log_softmax(1).mul(targets)).sum(1).mean().neg();

    // [N,K].
    private Tensor Weighted(Tensor terms) => importance is null ? terms : terms.mul(importance);

    // Waits for the device.
    private static double Dot(Tensor x, Tensor y)
    {
        using DisposeScope scope = NewDisposeScope();
        return Product(x, y).cpu().item<double>();
    }

    // The inner product, a scalar on the device.
    private static Tensor Product(Tensor x, Tensor y) => x.mul(y).sum(ScalarType.Float64);
}
