using System.Globalization;

namespace Benchmarks;

internal static class Report
{
    /// <summary>
    /// Prints one line per contestant: median and quartiles of the seconds per step, and the ratio of its median to that of the first contestant,
    /// with the quartiles of the ratios per turn, which show whether a difference is noise.
    /// </summary>
    public static void Write(string title, Contestant[] field)
    {
        Console.WriteLine($"{title}, n = {field[0].Seconds.Count} each");
        Console.WriteLine($"{"", -24}{"median s", 10}{"quartiles", 20}{"to " + field[0].Name, 12}{"quartiles", 18}");
        foreach (Contestant contestant in field)
        {
            double[] ratios = [.. contestant.Seconds.Zip(field[0].Seconds, (mine, first) => mine / first)];
            double ratio = Quantile(contestant.Seconds, 0.5) / Quantile(field[0].Seconds, 0.5);
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{contestant.Name, -24}{Quantile(contestant.Seconds, 0.5), 10:f4}{Quantile(contestant.Seconds, 0.25), 11:f4} -{Quantile(contestant.Seconds, 0.75), 7:f4}{ratio, 12:f3}{Quantile(ratios, 0.25), 10:f3} -{Quantile(ratios, 0.75), 6:f3}"
                )
            );
        }
    }

    public static void WriteMemory(string[] names, Func<string, double?>? memoryOf)
    {
        double? first = memoryOf?.Invoke(names[0]);
        foreach (string name in first is null ? [] : names)
        {
            double mebibytes = name == names[0] ? first!.Value : memoryOf!(name)!.Value;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name, -24}{mebibytes, 8:f0} MiB{mebibytes - first!.Value, 8:+0;-0;0}"));
        }
    }

    public static double Quantile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        return sorted[below] + (place - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
    }
}
