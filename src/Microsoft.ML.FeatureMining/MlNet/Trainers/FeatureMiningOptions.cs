using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.SearchSpace;
using Mining = Microsoft.ML.FeatureMining.Strategies.FeatureMining;

namespace Microsoft.ML.FeatureMining;

/// <summary>The settings of <see cref="FeatureMiningImageClassificationTrainer"/>. The defaults are the paper's for CIFAR.</summary>
public sealed record FeatureMiningOptions : ImageClassificationOptions
{
    /// <summary>How many of the network's last stages are mined, up to all of them; 0 trains without Feature Mining.</summary>
    /// <value>2, the best of the paper's Table 9.</value>
    [Range(0, 3, 2)]
    public int Stages { get; init; } = 2;

    /// <summary>How Feature Mining cuts the features of a stage.</summary>
    /// <value><see cref="Segmentation.Block"/>.</value>
    public Segmentation Segmentation { get; init; }

    /// <summary>Whether each image of a batch is cut by a mask of its own.</summary>
    /// <value>false: one mask an iteration, as the paper's text has it.</value>
    public bool MaskPerImage { get; init; }

    /// <summary>What turns the last stage's features into scores, a key of <see cref="Networks.HeadCatalog"/>.</summary>
    /// <value>None: the head that the backbone's family comes with.</value>
    public string? Head { get; init; }

    internal override TrainingRecipe ToRecipe(ImageShape input, long seed) => base.ToRecipe(input, seed) with
    {
        Head = Head,
        Strategies = Stages == 0 ? Strategies : [new Mining { Stages = Stages, Segmentation = Segmentation, MaskPerImage = MaskPerImage }, .. Strategies],
    };

    internal override IEnumerable<string> OwnProblems() => Stages < 0 ? [$"Stages is at least 0; it is {Stages}."] : [];
}
