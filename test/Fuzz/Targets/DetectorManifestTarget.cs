using System.Text;
using Microsoft.ML.FeatureMining.Detection.MlNet;
using Microsoft.ML.FeatureMining.Detection.Networks;

namespace Fuzz.Targets;

/// <summary>The manifest of a detector.</summary>
internal sealed class DetectorManifestTarget : FuzzTarget
{
    public override string Name => "detector-manifest";

    public override IEnumerable<byte[]> Seeds()
    {
        DetectorManifest named = new()
        {
            Backbone = "resnet-18-2223",
            Network = new RetinaNetSettings(),
            ClassCount = 2,
            ClassNames = ["car", "person"],
            ImageSize = 512,
            Mean = [123.675f, 116.28f, 103.53f],
            Std = [58.395f, 57.12f, 57.375f],
        };
        yield return Utf8(named.ToJson());
        yield return Utf8(
            (
                named with
                {
                    ClassNames = null,
                    Network = new RetinaNetSettings { Channels = 8, AnchorRatios = [1] },
                }
            ).ToJson()
        );
    }

    protected override void Read(byte[] input) => DetectorManifest.FromJson(Encoding.UTF8.GetString(input));
}
