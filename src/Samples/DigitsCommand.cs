using System.CommandLine;
using System.Globalization;

namespace Samples;

/// <summary>The verb <c>digits</c>: the images that come with the project, as a user's own would lie on the disk.</summary>
internal static class DigitsCommand
{
    // Every fifth digit of a class is held out: the file's order is that of its writers, so both parts have all hands.
    private const int HeldOutEvery = 5;

    public static Command Create()
    {
        Option<DirectoryInfo> folder = new("--out") { Description = "Where to write them.", Required = true };
        Command command = new("digits", "Writes 1,797 handwritten digits (optdigits, CC BY 4.0) as PNGs: OUT/train/CLASS/*.png and OUT/test/CLASS/*.png.") { folder };
        command.SetAction(parsed => ExitCode.Guard(() =>
        {
            string target = parsed.GetRequiredValue(folder).FullName;
            (int train, int test) = Write(target);
            Console.WriteLine($"{train} pictures in {Path.Combine(target, "train")}, {test} in {Path.Combine(target, "test")}.");
            return ExitCode.Success;
        }));
        return command;
    }

    private static (int Train, int Test) Write(string target)
    {
        int[] written = new int[10];
        int test = 0;
        foreach ((byte[] pixels, int digit) in Digits.Read())
        {
            bool heldOut = written[digit] % HeldOutEvery == HeldOutEvery - 1;
            test += heldOut ? 1 : 0;
            string folder = Path.Combine(target, heldOut ? "test" : "train", digit.ToString(CultureInfo.InvariantCulture));
            Directory.CreateDirectory(folder);
            GrayImage.Save(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{written[digit]++:d3}.png")), pixels, Digits.Side, Digits.Side);
        }

        return (written.Sum() - test, test);
    }
}
