using System.Globalization;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Feature Mining (Xie et al., Appl. Sci. 2022, 12(7), 3318). Each step splits the features X of a stage by a random mask M into X1 = X * M and X2 = X * (1 -
/// M) (equation 2). Each part goes through global average pooling over all positions and its own fully connected layer. Their cross entropies are added to the
/// loss of the network with weight 1 (equation 4): three terms for one stage, five for two. One mask is used for the whole batch (optionally one per image);
/// each stage draws its own. The branches are discarded after training, so scoring has no extra cost.
/// </summary>
/// <remarks>
/// <para>The mask M is 1 inside a box and 0 outside. Equation 1 draws the box: its sides are W sqrt(1 - lambda) and H sqrt(1 - lambda) with lambda ~ U(0,1),
/// so that it covers a fraction 1 - lambda of the map, and its position is uniform, "as CutMix". On small maps it matters how the box is rounded and clipped;
/// see <see cref="BoxRule"/>.</para>
/// <para>For Table 1 (CIFAR-100) and, with <see cref="Segmentation"/> and one to three stages, Table 9.</para>
/// </remarks>
public sealed record FeatureMining : TrainingStrategy
{
    internal const BoxRule DefaultBoxRule = BoxRule.CutMix;

    // From this fraction on, a stage learns so much more slowly that the user should know.
    private const double WarnedDeadFraction = 0.25;

    /// <inheritdoc/>
    public override string Key => "feature-mining";

    /// <summary>The number of stages to mine, counted from the last, at least 1.</summary>
    /// <value>2, the best of Table 9.</value>
    [Range(1, int.MaxValue)]
    public int Stages { get; init; } = 2;

    /// <summary>How the features are split.</summary>
    /// <value><see cref="Segmentation.Block"/>.</value>
    public Segmentation Segmentation { get; init; } = Segmentation.Block;

    /// <summary>How the box of equation 1 is rounded and clipped to the feature map.</summary>
    /// <value><see cref="BoxRule.CutMix"/>.</value>
    public BoxRule BoxRule { get; init; } = DefaultBoxRule;

    /// <summary>Whether each image of a batch gets its own mask.</summary>
    /// <value>false: one mask per iteration, as in the text of the paper.</value>
    public bool MaskPerImage { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int stageCount)
    {
        if (Stages > stageCount)
        {
            yield return $"Stages of feature-mining must be at most {stageCount}, the number of stages of this backbone; it is {Stages}.";
        }
    }

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new Run(this, context);

    /// <summary>
    /// Pools both parts of the features without creating them. With mask m: pool(X1) = sum over positions of m * X / (h * w). For complementary masks,
    /// pool(X2) = pool(X) - pool(X1).
    /// </summary>
    /// <param name="features">X, [N,C,h,w].</param>
    /// <param name="weights">
    /// Masks divided by h * w, [1 or N, 1 or 2, h * w]: one for all images or one per image, and two if they are not complementary.
    /// </param>
    /// <param name="pooled">The mean of X over all positions, [N,C].</param>
    internal static (Tensor Inside, Tensor Outside) PoolParts(Tensor features, Tensor weights, Tensor pooled)
    {
        long masks = weights.shape[1];
        Tensor positions = features.permute(0, 2, 3, 1).flatten(1, 2); // [N,h*w,C]
        Tensor parts = weights.expand(features.shape[0], masks, weights.shape[2]).bmm(positions); // [N,masks,C]
        Tensor inside = parts.select(1, 0);
        return (inside, masks == 2 ? parts.select(1, 1) : pooled - inside);
    }

    private sealed class Run : StrategyRun
    {
        private readonly FeatureMining _settings;
        private readonly StrategyContext _context;
        private readonly List<Branches> _mined = [];

        public Run(FeatureMining settings, StrategyContext context)
        {
            _settings = settings;
            _context = context;
            for (int stage = context.Stages.Count - settings.Stages; stage < context.Stages.Count; stage++)
            {
                context.KeepStage(stage);
                WarnIfSmall(stage);
                _mined.Add(new Branches(stage, AddLinear(stage, "inside"), AddLinear(stage, "outside")));
            }
        }

        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
        {
            foreach (Branches branches in _mined)
            {
                (Tensor inside, Tensor outside) = Cut(pass.Stage(branches.Stage), pass.PooledStage(branches.Stage));
                AddTerm("inside", branches.Inside.call(inside));
                AddTerm("outside", branches.Outside.call(outside));

                void AddTerm(string part, Tensor logits) =>
                    ledger.Add(
                        string.Create(CultureInfo.InvariantCulture, $"feature-mining.{branches.Stage}.{part}"),
                        pass.Criterion.Compute(logits, pass.Batch.Targets)
                    );
            }
        }

        private void WarnIfSmall(int stage)
        {
            double dead = _settings.DeadFraction(_context.Stages[stage]);
            if (dead >= WarnedDeadFraction)
            {
                _context.Warn(
                    FormattableString.Invariant(
                        $"{StageShape.Describe(_context.Stages, stage)}; in {dead:P0} of the draws one of its two parts is empty, and nothing is learned from it. "
                    ) + "Use larger images, a network that keeps larger maps (such as one with -cifar-stem), another BoxRule, or fewer Stages."
                );
            }
        }

        private Linear AddLinear(int stage, string part) =>
            _context.AddModule(string.Create(CultureInfo.InvariantCulture, $"{stage}.{part}"), nn.Linear(_context.Stages[stage].Channels, _context.ClassCount));

        private (Tensor Inside, Tensor Outside) Cut(Tensor features, Tensor pooled)
        {
            StageShape shape = new((int)features.shape[1], (int)features.shape[2], (int)features.shape[3]);
            int draws = _settings.MaskPerImage ? (int)features.shape[0] : 1;
            float[] drawn =
            [
                .. Enumerable
                    .Range(0, draws)
                    .SelectMany(_ => _settings.DrawMasks(shape, _context.Random.NextDouble(), _context.Random))
                    .SelectMany(mask => mask),
            ];
            Tensor masks = drawn.Upload(_context.Device);
            if (_settings.Segmentation == Segmentation.Channels)
            {
                Tensor inside = pooled * masks.view(draws, shape.Channels);
                return (inside, pooled - inside);
            }

            int positions = shape.Height * shape.Width;
            return PoolParts(features, masks.Div_(positions).view(draws, -1, positions), pooled);
        }
    }

    /// <summary>
    /// The fraction of draws in which one of the two parts has no features. lambda takes its quantiles, so that the result is exact where only lambda
    /// matters.
    /// </summary>
    internal double DeadFraction(StageShape shape)
    {
        const int Draws = 1000;
        RandomStream random = new(0, "dead-fraction");
        int dead = Enumerable.Range(0, Draws).Count(i => HasEmptyPart(DrawMasks(shape, (i + 0.5) / Draws, random)));
        return (double)dead / Draws;

        static bool HasEmptyPart(float[][] masks) => masks.Any(mask => !mask.Contains(1)) || (masks.Length == 1 && !masks[0].Contains(0));
    }

    /// <summary>One mask, or two if they are not complementary: of positions, row by row, or of channels.</summary>
    private float[][] DrawMasks(StageShape shape, double lambda, RandomStream random) =>
        Segmentation switch
        {
            Segmentation.Channels => [DrawPoints(shape.Channels, lambda, random)],
            Segmentation.Points => [DrawPoints(shape.Height * shape.Width, lambda, random)],
            Segmentation.NonComplementary => [DrawBox(BoxRule, shape, lambda, random), DrawBox(BoxRule, shape, random.NextDouble(), random)],
            _ => [DrawBox(BoxRule, shape, lambda, random)],
        };

    /// <summary>The mask of one random box, row by row.</summary>
    internal static float[] DrawBox(BoxRule rule, StageShape shape, double lambda, RandomStream random)
    {
        PixelBox box = RandomBox.Draw(rule, shape.Width, shape.Height, lambda, random);
        float[] mask = new float[shape.Height * shape.Width];
        for (int i = 0; i < mask.Length; i++)
        {
            mask[i] = box.Contains(i % shape.Width, i / shape.Width) ? 1 : 0;
        }

        return mask;
    }

    /// <summary>A mask of independent points. Each is 1 with probability 1 - lambda, the fraction of the map that the box of equation 1 covers.</summary>
    internal static float[] DrawPoints(int count, double lambda, RandomStream random)
    {
        float[] mask = new float[count];
        for (int i = 0; i < count; i++)
        {
            mask[i] = random.NextDouble() < 1 - lambda ? 1 : 0;
        }

        return mask;
    }

    private sealed record Branches(int Stage, Linear Inside, Linear Outside);
}
