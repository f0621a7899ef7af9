using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>Shows where a network, or an ensemble, found a class on one image.</summary>
public sealed class ImageExplanation
{
    /// <summary>The longer side of <see cref="Image"/> is at most this, in pixels.</summary>
    internal const int LongestSide = 1024;

    internal ImageExplanation(NetworkMaps maps, DecodedImage image)
    {
        (Probabilities, Class, Image) = (maps.Probabilities, maps.Class, image);
        (ClassMap, StageMaps, SplitMaps) = (maps.ClassMap, maps.StageMaps, maps.SplitMaps);
        MainMap = ClassMap ?? StageMaps[^1];
    }

    /// <param name="probabilities">The probabilities of the ensemble.</param>
    /// <param name="target">The class of all maps.</param>
    /// <param name="members">The explanation by each network.</param>
    /// <param name="shares">The weight of each network in the score; they sum to 1.</param>
    internal ImageExplanation(IReadOnlyList<float> probabilities, int target, IReadOnlyList<ImageExplanation> members, IReadOnlyList<double> shares)
    {
        (Probabilities, Class, Image, Members) = (probabilities, target, members[0].Image, members);
        MainMap = HeatMap.Mean([.. members.Select(member => member.MainMap)], shares);
    }

    private ImageExplanation(ImageExplanation other)
    {
        (Probabilities, Class, Image, Members) = (other.Probabilities, other.Class, other.Image, other.Members);
        (ClassMap, StageMaps, SplitMaps, MainMap) = (other.ClassMap, other.StageMaps, other.SplitMaps, other.MainMap);
    }

    /// <summary>
    /// The probabilities of all classes, in their order. They sum to 1, except for a multi-label model. They are computed from the image itself, even if the
    /// model scores several views.
    /// </summary>
    public IReadOnlyList<float> Probabilities { get; }

    /// <summary>The class of the maps, from 0.</summary>
    public int Class { get; }

    /// <summary>
    /// The class activation map (Zhou et al. 2016), of the size of the last stage. Null for an ensemble, if the model predicts with its exits, or if the
    /// head is not linear in the mean of the features.
    /// </summary>
    public HeatMap? ClassMap { get; }

    /// <summary>Grad-CAM (Selvaraju et al. 2017) of each stage, first to last, each of the size of its stage; empty for an ensemble.</summary>
    public IReadOnlyList<HeatMap> StageMaps { get; } = [];

    /// <summary>
    /// With a Split-and-Share head, Grad-CAM of each split's channels with respect to the classifier that ends with this split (Lee et al. 2021, figure 2);
    /// otherwise empty.
    /// </summary>
    public IReadOnlyList<HeatMap> SplitMaps { get; } = [];

    /// <summary>The explanation by each network of an ensemble, in the order of the networks, all for the ensemble's class. Empty for one network.</summary>
    public IReadOnlyList<ImageExplanation> Members { get; } = [];

    /// <summary>
    /// The most informative map: the class activation map if there is one, otherwise Grad-CAM of the last stage. For an ensemble, the weighted mean of the
    /// networks' main maps, with the networks' weights in the score. Each map is first scaled to [0, 1] and enlarged to the largest one.
    /// </summary>
    public HeatMap MainMap { get; }

    /// <summary>
    /// The part of the image that the network sees, at the image's own resolution, as RGB; for planar floats, the input. For an ensemble, of its first network.
    /// </summary>
    internal DecodedImage Image { get; }

    /// <summary>
    /// The longer side of the part of the image that the network sees, in pixels of the image file; at most 1024. For planar floats, of the
    /// input.
    /// </summary>
    public int LongerSide => Math.Max(Image.Width, Image.Height);

    /// <summary>The text below the image in a grid: the class of the maps and its probability, unless <see cref="WithCaption"/> changes it.</summary>
    public string Caption { get; private init; } = "";

    /// <summary>The same explanation with another caption.</summary>
    /// <param name="caption">Lines, separated by line feeds; empty for none. Only Latin, Greek and Cyrillic letters are drawn; others become a
    /// question mark.</param>
    public ImageExplanation WithCaption(string caption)
    {
        ArgumentNullException.ThrowIfNull(caption);
        return new ImageExplanation(this) { Caption = caption };
    }

    /// <summary>All maps and their names.</summary>
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

    /// <summary>The part of the image that the network sees, as a PNG file, optionally with a heat map over it.</summary>
    /// <param name="map">One of the maps above; null for the image alone.</param>
    /// <param name="side">The longer side of the PNG, in pixels; <see cref="LongerSide"/> for the image's own resolution.</param>
    public byte[] ToPng(HeatMap? map = null, int side = 224)
    {
        DecodedImage cell = Overlay.Draw(Image, map, side);
        return ImageCodec.EncodePng(cell.Pixels, cell.Width, cell.Height);
    }
}

/// <summary>Draws heat maps over images, in the colors of the papers.</summary>
internal static class Overlay
{
    /// <summary>Resizes the image and blends it half and half with the colors of the map. Red is the maximum.</summary>
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
