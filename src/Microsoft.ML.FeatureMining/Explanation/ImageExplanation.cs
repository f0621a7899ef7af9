using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>Where on one image a network found a class.</summary>
public sealed class ImageExplanation
{
    private readonly NetworkMaps _maps;

    internal ImageExplanation(NetworkMaps maps, DecodedImage picture) => (_maps, Picture) = (maps, picture);

    /// <summary>The probabilities of all classes, in their order; they sum to 1, but where an image may have any number of classes.</summary>
    public IReadOnlyList<float> Probabilities => _maps.Probabilities;

    /// <summary>The class, from 0, that the maps are of.</summary>
    public int Class => _maps.Class;

    /// <summary>The class activation map (Zhou et al. 2016), of the size of the last stage; null where the head is not linear in the mean of the features.</summary>
    public HeatMap? ClassMap => _maps.ClassMap;

    /// <summary>Grad-CAM (Selvaraju et al. 2017) of each stage, first to last, of the stage's size.</summary>
    public IReadOnlyList<HeatMap> StageMaps => _maps.StageMaps;

    /// <summary>With a Split-and-Share head, Grad-CAM of each split's channels with respect to the classifier that they are the last for (Lee et al. 2021, figure 2); otherwise empty.</summary>
    public IReadOnlyList<HeatMap> SplitMaps => _maps.SplitMaps;

    /// <summary>The map that tells most of the class: the class activation map where there is one, otherwise Grad-CAM of the last stage.</summary>
    public HeatMap MainMap => ClassMap ?? StageMaps[^1];

    /// <summary>What the network saw, RGB.</summary>
    internal DecodedImage Picture { get; }

    /// <summary>The image as the network saw it, or under a map of it, as a PNG file.</summary>
    /// <param name="map">One of the maps above; null for the image alone.</param>
    /// <param name="side">The longer side of the picture, in pixels.</param>
    public byte[] ToPng(HeatMap? map = null, int side = 224)
    {
        using MemoryStream stream = new();
        DecodedImage cell = Overlay.Draw(Picture, map, side);
        PngWriter.Write(stream, cell.Pixels, cell.Width, cell.Height);
        return stream.ToArray();
    }
}
