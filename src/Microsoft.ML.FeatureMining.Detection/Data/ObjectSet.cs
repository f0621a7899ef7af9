namespace Microsoft.ML.FeatureMining.Detection.Data;

/// <summary>
/// The objects of an image as an entry of <see cref="Pixels.ImageSet.LabelSets"/>: five numbers per object, its class and its box in pixels of the network's
/// input.
/// </summary>
internal static class ObjectSet
{
    private const int Length = 5;

    public static float[] ToNumbers(IEnumerable<ObjectBox> objects) =>
        [.. objects.SelectMany(thing => new[] { thing.Class, thing.Box.Left, thing.Box.Top, thing.Box.Right, thing.Box.Bottom })];

    public static ObjectBox[] Of(float[] numbers) =>
        [.. numbers.Chunk(Length).Select(one => new ObjectBox(new Box(one[1], one[2], one[3], one[4]), (int)one[0]))];
}
