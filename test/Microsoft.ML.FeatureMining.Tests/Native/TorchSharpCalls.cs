using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Microsoft.ML.FeatureMining.Tests.Native;

/// <summary>
/// Finds calls that reach a TorchSharp method that takes or creates a Scalar, by reading IL: at any depth, through lambdas, and through virtual methods of
/// objects that TorchSharp creates, such as the step of an optimizer.
/// </summary>
internal static class TorchSharpCalls
{
    private const string Scalar = "TorchSharp.Scalar";

    /// <summary>Each such call in an assembly: the calling type (full name), the calling method, and the called method.</summary>
    public static IReadOnlyList<(string Type, string Method, string Called)> Of(string path) => Of(path, TakesOrCreates);

    /// <summary>Each call in an assembly that reaches one of some TorchSharp methods.</summary>
    /// <param name="path">The assembly.</param>
    /// <param name="isSought">Whether a method of TorchSharp is one of them.</param>
    public static IReadOnlyList<(string Type, string Method, string Called)> Of(string path, Func<MethodDefinition, bool> isSought)
    {
        using DefaultAssemblyResolver resolver = new();
        resolver.AddSearchDirectory(Path.GetDirectoryName(path));
        using ModuleDefinition module = ModuleDefinition.ReadModule(path, new ReaderParameters { AssemblyResolver = resolver });
        ModuleDefinition torchSharp = resolver.Resolve(module.AssemblyReferences.Single(reference => reference.Name == nameof(TorchSharp))).MainModule;
        HashSet<MethodDefinition> reaching = Reaching(torchSharp, isSought);
        return
        [
            .. from type in module.GetTypes()
            from method in type.Methods
            from called in Calls(method, torchSharp).Concat(method.IsConstructor && !method.IsStatic ? Overrides(type, torchSharp) : [])
            where reaching.Contains(called)
            select (type.FullName, method.Name, called.FullName),
        ];
    }

    private static HashSet<MethodDefinition> Reaching(ModuleDefinition torchSharp, Func<MethodDefinition, bool> isSought)
    {
        MethodDefinition[] methods = [.. torchSharp.GetTypes().SelectMany(type => type.Methods)];
        ILookup<MethodDefinition, MethodDefinition> callers = methods
            .SelectMany(method => Calls(method, torchSharp).Select(called => (called, method)))
            .ToLookup(call => call.called, call => call.method);
        HashSet<MethodDefinition> reaching = [];
        Stack<MethodDefinition> open = new(methods.Where(isSought));
        while (open.TryPop(out MethodDefinition? method))
        {
            if (reaching.Add(method))
            {
                callers[method].ToList().ForEach(open.Push);
            }
        }

        return reaching;
    }

    private static bool TakesOrCreates(MethodDefinition method) =>
        method.Parameters.Any(parameter => parameter.ParameterType.FullName == Scalar)
        || (
            method.HasBody
            && method.Body.Instructions.Any(instruction =>
                instruction.OpCode == OpCodes.Newobj && ((MethodReference)instruction.Operand).DeclaringType.FullName == Scalar
            )
        );

    // The methods that a method calls or creates delegates for, and all virtual methods of the objects that it creates.
    private static IEnumerable<MethodDefinition> Calls(MethodDefinition method, ModuleDefinition torchSharp) =>
        !method.HasBody
            ? []
            : from instruction in method.Body.Instructions
            let reference = instruction.Operand as MethodReference
            where reference is not null && IsIn(torchSharp, reference.DeclaringType)
            let called = reference.Resolve()
            where called is not null
            from each in instruction.OpCode == OpCodes.Newobj ? Overrides(called.DeclaringType, torchSharp).Append(called) : [called]
            select each;

    // The final override of each virtual method, if it belongs to TorchSharp.
    private static IEnumerable<MethodDefinition> Overrides(TypeDefinition type, ModuleDefinition torchSharp)
    {
        HashSet<string> overridden = [];
        for (TypeDefinition? level = type; level is not null && (level == type || IsIn(torchSharp, level)); level = level.BaseType?.Resolve())
        {
            foreach (
                MethodDefinition method in level.Methods.Where(method =>
                    method.IsVirtual
                    && overridden.Add($"{method.Name}({string.Join(',', method.Parameters.Select(parameter => parameter.ParameterType.FullName))})")
                )
            )
            {
                if (level.Module == torchSharp)
                {
                    yield return method;
                }
            }
        }
    }

    private static bool IsIn(ModuleDefinition torchSharp, TypeReference type) =>
        type.Module == torchSharp ? type.Scope == torchSharp : type.Scope.Name == torchSharp.Assembly.Name.Name;
}
