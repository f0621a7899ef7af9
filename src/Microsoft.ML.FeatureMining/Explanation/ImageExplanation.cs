using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>Where on one image a network, or an ensemble of them, found a class.</summary>
public sealed class ImageExplanation
{
    internal ImageExplanation(NetworkMaps maps, DecodedImage image)
    {
        (Probabilities, Class, Image) = (maps.Probabilities, maps.Class, image);
        (ClassMap, StageMaps, SplitMaps) = (maps.ClassMap, maps.StageMaps, maps.SplitMaps);
        MainMap = ClassMap ?? StageMaps[^1];
    }

    /// <param name="probabilities">Of all together.</param>
    /// <param name="target">The class that the maps of all are of.</param>
    /// <param name="members">Each network's own.</param>
    /// <param name="shares">Of each in the score; they sum to 1.</param>
    internal ImageExplanation(IReadOnlyList<float> probabilities, int target, IReadOnlyList<ImageExplanation> members, IReadOnlyList<double> shares)
    {
        (Probabilities, Class, Image, Members) = (probabilities, target, members[0].Image, members);
        MainMap = HeatMap.Mean([.. members.Select(member => member.MainMap)], shares);
    }

    /// <summary>
    /// The probabilities of all classes, in their order; they sum to 1, but where an image may have any number of classes. Of the image itself, whatever views
    /// the model scores.
    /// </summary>
    public IReadOnlyList<float> Probabilities { get; }

    /// <summary>The class, from 0, that the maps are of.</summary>
    public int Class { get; }

    /// <summary>
    /// The class activation map (Zhou et al. 2016), of the size of the last stage; null where the head is not linear in the mean of the features, and for an
    /// ensemble.
    /// </summary>
    public HeatMap? ClassMap { get; }

    /// <summary>Grad-CAM (Selvaraju et al. 2017) of each stage, first to last, of the stage's size; empty for an ensemble.</summary>
    public IReadOnlyList<HeatMap> StageMaps { get; } = [];

    /// <summary>
    /// With a Split-and-Share head, Grad-CAM of each split's channels with respect to the classifier that they are the last for (Lee et al. 2021, figure 2);
    /// otherwise empty.
    /// </summary>
    public IReadOnlyList<HeatMap> SplitMaps { get; } = [];

    /// <summary>
    /// The explanations by each network of an ensemble, all of the class that is the ensemble's, in the order of the networks; empty for one network.
    /// </summary>
    public IReadOnlyList<ImageExplanation> Members { get; } = [];

    /// <summary>
    /// The map that tells most of the class: the class activation map where there is one, otherwise Grad-CAM of the last stage; for an ensemble the mean of its
    /// networks' main maps, each from 0 to 1 and enlarged to the largest, with the networks' weights in the score.
    /// </summary>
    public HeatMap MainMap { get; }

    /// <summary>What the network saw, RGB; of an ensemble, its first.</summary>
    internal DecodedImage Image { get; }

    /// <summary>All maps with words on each.</summary>
    internal IEnumerable<(string Name, HeatMap Map)> NamedMaps =>
        Members.Count > 0
            ?
            [
                ("all networks", MainMap),
                .. Members.Select((member, i) => ($"network {i + 1}, {(member.ClassMap is null ? "Grad-CAM" : "CAM")}", member.MainMap)),
            ]
            :
            [
                .. ClassMap is { } cam ? new[] { ("CAM", cam) } : [],
                .. StageMaps.Select((map, i) => ($"Grad-CAM, stage {i + 1}", map)),
                .. SplitMaps.Select((map, i) => ($"Grad-CAM, split {i + 1}", map)),
            ];

    /// <summary>The image as the network saw it, or under a map of it, as a PNG file.</summary>
    /// <param name="map">One of the maps above; null for the image alone.</param>
    /// <param name="side">The longer side of the PNG, in pixels.</param>
    public byte[] ToPng(HeatMap? map = null, int side = 224)
    {
        DecodedImage cell = Overlay.Draw(Image, map, side);
        return ImageCodec.EncodePng(cell.Pixels, cell.Width, cell.Height);
    }
}

/// <summary>Heat maps over images, in the colors that the papers use.</summary>
internal static class Overlay
{
    /// <summary>The image at another size, blended half and half with the colors of the map; red is the maximum.</summary>
    /// <param name="image">RGB.</param>
    /// <param name="map">Null for the image alone.</param>
    /// <param name="side">The longer side of the result.</param>
    public static DecodedImage Draw(DecodedImage image, HeatMap? map, int side)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(side);
        int longer = Math.Max(image.Width, image.Height);
        DecodedImage resized = ImageResize.Resize(image, Math.Max(1, image.Width * side / longer), Math.Max(1, image.Height * side / longer));
        if (map is null)
        {
            return resized;
        }

        IReadOnlyList<float> heat = map.Resize(resized.Height, resized.Width).Normalize().Values;
        byte[] pixels = new byte[resized.Pixels.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)((resized.Pixels[i] + Jet(heat[i / 3], i % 3) + 1) / 2);
        }

        return new DecodedImage(resized.Width, resized.Height, 3, pixels);
    }

    /// <summary>One channel (0 red, 1 green, 2 blue) of the scale "jet": blue, cyan, yellow, red as the value goes from 0 to 1.</summary>
    public static byte Jet(float value, int channel) => (byte)Math.Round(255 * Math.Clamp(1.5 - Math.Abs(4 * value - (3 - channel)), 0, 1));
}
