using Microsoft.ML;

namespace TestPrograms;

/// <summary>SaveLoop MODEL TARGET: saves a model repeatedly until it is killed. Prints "ready" after the first save.</summary>
internal static class SaveLoop
{
    public static void Run(string[] args)
    {
        MLContext ml = new();
        ITransformer model = ml.Model.Load(args[0], out DataViewSchema schema);
        ml.Model.SaveAtomic(model, schema, args[1]);
        Console.WriteLine("ready");
        while (true)
        {
            ml.Model.SaveAtomic(model, schema, args[1]);
        }
    }
}
