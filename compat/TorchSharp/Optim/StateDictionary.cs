using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public abstract partial class Optimizer
        {
            /// <summary>Options a group and states a parameter, in the order of the groups and of their parameters.</summary>
            public class StateDictionary
            {
                internal StateDictionary(IEnumerable<OptimizerOptions> options, IEnumerable<OptimizerState> states)
                {
                    Options = [.. options];
                    State = [.. states];
                }

                public List<OptimizerOptions> Options { get; private set; }

                public List<OptimizerState> State { get; private set; }
            }
        }
    }
}
