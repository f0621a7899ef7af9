using Microsoft.ML;
using Microsoft.ML.Data;
using PublicApi.Tests.Own;

namespace PublicApi.Tests;

/// <summary>A program that loads and scores a model: <c>score MODEL</c> registers this project's parts first, <c>score-bare MODEL</c> does not.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        if (args[0] == "score")
        {
            OwnParts.Register();
        }

        MLContext ml = new();
        try
        {
            Console.Write(Text(Scores(ml, ml.Model.Load(args[1], out _))));
            return 0;
        }
        catch (Exception e)
        {
            Console.Write(e.GetBaseException().Message);
            return 1;
        }
    }

    public static float[][] Scores(MLContext ml, ITransformer model) => [.. model.Transform(Bands.Encoded(ml, count: 8)).GetColumn<float[]>("Score")];

    /// <summary>The exact bits of the scores as text.</summary>
    public static string Text(float[][] scores) => string.Join(' ', scores.SelectMany(row => row).Select(BitConverter.SingleToInt32Bits));
}
