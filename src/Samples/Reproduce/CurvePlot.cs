using System.Globalization;
using System.Xml.Linq;
using static Samples.Reproduce.SvgDrawing;

namespace Samples.Reproduce;

/// <summary>Validation accuracy over the epochs as an SVG image, one line per row.</summary>
internal static class CurvePlot
{
    private const double Width = 860;
    private const double Height = 420;
    private const double Left = 60;
    private const double Right = 250;
    private const double Top = 40;
    private const double Bottom = 50;

    // They differ by dashes, too.
    private static readonly (string Color, string Dashes)[] Lines = [("#0b5cad", "none"), ("#b3470b", "7 3"), ("#2c7a3f", "2 3"), ("#7a2c79", "9 3 2 3")];

    public static string Of(ExperimentResult result)
    {
        XElement svg = Page(Width, Height, result.Experiment.Title, "polyline { fill: none; stroke-width: 1.8 } .axis { stroke: #555; fill: none }");
        int epochs = Math.Max(2, result.Curves.Values.Max(curve => curve.Count));
        double highest = Math.Max(1, result.Curves.Values.SelectMany(curve => curve).Max());
        double step = RoundStep(highest / 8),
            most = step * Math.Ceiling(highest / step);
        for (double value = 0; value <= most + step / 1000; value += step)
        {
            svg.Add(
                Element("path", ("class", "grid"), ("d", $"M{N(Left)} {N(Y(value))}H{N(Width - Right)}")),
                Text(Left - 6, Y(value) + 4, "end", value.ToString("0.###", CultureInfo.InvariantCulture))
            );
        }

        double stride = Math.Max(1, RoundStep(epochs / 10.0));
        for (double epoch = stride; epoch <= epochs; epoch += stride)
        {
            svg.Add(Text(X(epoch), Height - Bottom + 18, "middle", N(epoch)));
        }

        svg.Add(
            Element("path", ("class", "axis"), ("d", $"M{N(Left)} {N(Top)}V{N(Height - Bottom)}H{N(Width - Right)}")),
            Text((Left + Width - Right) / 2, Height - 10, "middle", "epoch; validation accuracy in %, mean over the seeds")
        );
        foreach ((int index, (string name, IReadOnlyList<double> curve)) in result.Curves.Index())
        {
            (double left, double middle) = (Width - Right + 20, Top + 10 + 22 * index);
            svg.Add(
                Line(index, string.Join(' ', curve.Select((value, i) => $"{N(X(i + 1))},{N(Y(value))}"))),
                Line(index, $"{N(left)},{N(middle)} {N(left + 30)},{N(middle)}"),
                Text(left + 38, middle + 4, "start", name)
            );
        }

        return svg.ToString();

        double X(double epoch) => Left + (epoch - 1) / (epochs - 1) * (Width - Right - Left);

        double Y(double value) => Height - Bottom - value / most * (Height - Bottom - Top);
    }

    private static XElement Line(int index, string points)
    {
        (string color, string dashes) = Lines[index % Lines.Length];
        return Element("polyline", ("stroke", color), ("stroke-dasharray", dashes), ("points", points));
    }
}
