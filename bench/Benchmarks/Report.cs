using System.Globalization;

namespace Benchmarks;

internal static class Report
{
    /// <summary>
    /// A line a contestant: median and quartiles of the seconds a step, and the ratio of its median to the first contestant's and to the second's,
    /// with the quartiles of the ratios turn by turn, which tell noise from difference.
    /// </summary>
    public static void Write(string title, Contestant[] field)
    {
        Console.WriteLine($"{title}, n = {field[0].Seconds.Count} each");
        Console.WriteLine($"{"",-22}{"median s",10}{"quartiles",20}{"to PyTorch",12}{"to ours",10}{"quartiles",18}");
        foreach (Contestant contestant in field)
        {
            double[] toOurs = [.. contestant.Seconds.Zip(field[1].Seconds, (mine, ours) => mine / ours)];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{contestant.Name,-22}{Quantile(contestant.Seconds, 0.5),10:f4}{Quantile(contestant.Seconds, 0.25),11:f4} -{Quantile(contestant.Seconds, 0.75),7:f4}{Ratio(0),12:f3}{Ratio(1),10:f3}{Quantile(toOurs, 0.25),10:f3} -{Quantile(toOurs, 0.75),6:f3}"));

            double Ratio(int other) => Quantile(contestant.Seconds, 0.5) / Quantile(field[other].Seconds, 0.5);
        }
    }

    private static double Quantile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        return sorted[below] + (place - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
    }
}
