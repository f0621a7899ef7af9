using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

public sealed class Point
{
    public string Label { get; set; }

    [VectorType(2)]
    public float[] Features { get; set; }

    /// <summary>Three well parted clouds, class names b, a, c in turn.</summary>
    public static List<Point> Clouds(int count)
    {
        var random = new Random(5);
        return
        [
            .. Enumerable.Range(0, count).Select(i => new Point
            {
                Label = "bac"[i % 3].ToString(),
                Features = [i % 3 * 10 + random.NextSingle(), i % 3 * -10 + random.NextSingle()],
            }),
        ];
    }
}
