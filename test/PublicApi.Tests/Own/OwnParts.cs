using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;

namespace PublicApi.Tests.Own;

/// <summary>Registers this project's parts in the library's catalogs.</summary>
internal static class OwnParts
{
    public const string Backbone = "plain-net";

    private static readonly Lock Gate = new();
    private static bool _registered;

    /// <summary>Registers them, once per process.</summary>
    public static void Register()
    {
        lock (Gate)
        {
            if (_registered)
            {
                return;
            }

            _registered = true;
            BackboneCatalog.Register(Backbone, channels => new PlainNet(channels));
            HeadCatalog.Register(() => new CosineHead());
            HeadCatalog.Register(() => new TwoStageHead());
            AugmentationCatalog.Register(() => new Pepper());
            AugmentationCatalog.Register(() => new MiddleCrop());
            LossCatalog.Register(() => new GeneralizedCrossEntropy());
            ScheduleCatalog.Register(() => new TriangleSchedule());
            OptimizerCatalog.Register(() => new Lion());
            StrategyCatalog.Register(() => new DeepTwins());
        }
    }
}
